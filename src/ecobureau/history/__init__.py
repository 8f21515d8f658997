"""History from files into the store: open tables of air, water and emissions, through the writer's own way.

Every row becomes a frame of its own with the row's bytes as evidence, marked as back-filled; what the file was is kept
as an event of each station. Loading a file twice changes nothing.
"""
