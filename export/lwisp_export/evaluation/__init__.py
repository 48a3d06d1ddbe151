"""Evaluation: the student beside classical pipelines that are told the truth about the camera."""
