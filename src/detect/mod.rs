//! The `detect` room.
