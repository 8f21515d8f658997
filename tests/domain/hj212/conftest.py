from hypothesis import settings

# The same examples on every machine, and no time limit for slow ones.
settings.register_profile("hj212", deadline=None, derandomize=True, database=None)
settings.load_profile("hj212")
