//! What the front door refuses.
