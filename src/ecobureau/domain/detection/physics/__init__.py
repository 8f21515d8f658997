"""Patterns that compare links of the chain production, treatment, inlet, outlet, flow."""
