"""The checks of study files, one module for each part of the format."""
