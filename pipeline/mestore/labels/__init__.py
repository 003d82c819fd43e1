"""Labels: from what a dataset's coders wrote to the classes that a protocol predicts."""
