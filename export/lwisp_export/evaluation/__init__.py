"""Evaluation: the student beside classical pipelines that know the camera's true colour."""
