//! What is seen in a model only.
