"""From a RawImage to the input planes, by the contract."""
