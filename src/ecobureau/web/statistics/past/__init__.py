"""Files of measured history: handed in on a page, checked and loaded by the worker, taken into the statistics."""
