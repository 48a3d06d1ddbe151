"""Training the student: data made by unprocessing photographs, losses, the training loop."""
