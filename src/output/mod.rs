//! The `output` room.
