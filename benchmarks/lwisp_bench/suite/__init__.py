"""What is measured, and how: models, inputs, setups, and running them."""
