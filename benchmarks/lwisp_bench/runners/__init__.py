"""Ways of measuring a model on a device."""
