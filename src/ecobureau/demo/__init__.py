"""The demonstration city: built through the services, filled with real frames, kept alive by the simulator."""
