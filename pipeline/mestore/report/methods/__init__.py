"""Methods: what was done, said by the records of what ran, with references."""
