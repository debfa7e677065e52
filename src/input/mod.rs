//! The `input` room.
