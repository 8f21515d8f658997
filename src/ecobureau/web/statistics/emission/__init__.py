"""Statistics of emission monitoring: outlets, enterprises, districts and cities, from days to years."""
