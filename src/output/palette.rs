//! The colours of text for people, as the byte sequences a terminal wants.

use anstyle::{AnsiColor, Color, Style};

use crate::entry::LogLevel;

/// One sequence for each thing that has a colour; all empty without colour.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    levels: [Vec<u8>; 10],
    /// Timestamps.
    pub time: Vec<u8>,
    /// Names of fields, and what matters least.
    pub dim: Vec<u8>,
    /// What matters most.
    pub strong: Vec<u8>,
    statuses: [Vec<u8>; 6],
    /// Back to normal.
    pub reset: Vec<u8>,
}

impl Palette {
    /// Returns the palette with colour, or the empty one.
    pub fn new(color: bool) -> Palette {
        if !color {
            return Palette::default();
        }
        let plain = |color: AnsiColor| Style::new().fg_color(Some(Color::Ansi(color)));
        let mut palette = Palette {
            time: bytes(Style::new().dimmed()),
            dim: bytes(Style::new().dimmed()),
            strong: bytes(Style::new().bold()),
            reset: format!("{:#}", Style::new().bold()).into_bytes(),
            ..Palette::default()
        };
        for level in LogLevel::ALL {
            palette.levels[level as usize] = bytes(match level {
                LogLevel::Trace => Style::new().dimmed(),
                LogLevel::Debug => plain(AnsiColor::Cyan),
                LogLevel::Info => plain(AnsiColor::Green),
                LogLevel::Notice => plain(AnsiColor::Blue).bold(),
                LogLevel::Warn => plain(AnsiColor::Yellow).bold(),
                LogLevel::Error => plain(AnsiColor::Red).bold(),
                LogLevel::Critical | LogLevel::Alert | LogLevel::Emergency => {
                    plain(AnsiColor::BrightWhite).bg_color(Some(Color::Ansi(AnsiColor::Red))).bold()
                }
            });
        }
        for (class, color) in [
            (1, AnsiColor::Blue),
            (2, AnsiColor::Green),
            (3, AnsiColor::Cyan),
            (4, AnsiColor::Yellow),
            (5, AnsiColor::Red),
        ] {
            palette.statuses[class] = bytes(if class == 5 { plain(color).bold() } else { plain(color) });
        }
        palette
    }

    /// Returns the colour of a level.
    pub fn level(&self, level: LogLevel) -> &[u8] {
        &self.levels[level as usize]
    }

    /// Returns the colour of an HTTP status.
    pub fn status(&self, status: i64) -> &[u8] {
        match usize::try_from(status / 100) {
            Ok(class @ 1..=5) => &self.statuses[class],
            _ => &[],
        }
    }

    /// Returns what ends a colour begun with `color`.
    pub fn end(&self, color: &[u8]) -> &[u8] {
        if color.is_empty() { &[] } else { &self.reset }
    }
}

fn bytes(style: Style) -> Vec<u8> {
    style.render().to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_colour_means_no_bytes() {
        let palette = Palette::new(false);
        assert!(palette.level(LogLevel::Error).is_empty() && palette.end(palette.status(200)).is_empty());
    }

    #[test]
    fn every_level_has_its_colour_and_an_end() {
        let palette = Palette::new(true);
        for level in LogLevel::ALL {
            assert!(palette.level(level).starts_with(b"\x1b["));
            assert_eq!(palette.end(palette.level(level)), b"\x1b[0m");
        }
        assert!(palette.status(999).is_empty() && palette.status(-1).is_empty());
    }
}
