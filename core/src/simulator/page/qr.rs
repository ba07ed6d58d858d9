//! The QR code of a payment address, drawn as SVG.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// White modules around the code, without which a camera does not find it.
const MARGIN: usize = 4;

/// The code for this text, dark on white whatever the page's colors. Nothing when the text is too long for one.
pub(super) fn svg(content: &str, label: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let side = width + 2 * MARGIN;
    let path = colors.chunks(width).enumerate().fold(String::new(), |mut path, (y, row)| {
        for (x, length) in runs(row) {
            let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + MARGIN, y + MARGIN);
        }
        path
    });
    Some(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path fill=\"#0b1512\" d=\"{path}\"/></svg>"
    ))
}

/// Where the dark stretches of a row begin, and how long they are.
fn runs(row: &[Color]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (x, _) in row.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        match runs.last_mut() {
            Some((start, length)) if *start + *length == x => *length += 1,
            _ => runs.push((x, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_has_exactly_the_codes_dark_modules() {
        let content = "bitcoin:simulated-btc-0?amount=0.00041732";
        let code = QrCode::with_error_correction_level(content, EcLevel::M).expect("a code");
        let drawn = svg(content, "x").expect("drawn");
        let lengths = drawn.split('h').skip(1).filter_map(|part| part.split('v').next()?.parse::<usize>().ok());
        let side = code.width() + 2 * MARGIN;
        let dark = code.to_colors().iter().filter(|color| **color == Color::Dark).count();
        assert_eq!(lengths.sum::<usize>(), dark + side, "the first stretch is the white ground");
        assert!(drawn.contains(&format!("viewBox=\"0 0 {side} {side}\"")) && drawn.contains("M4 4h7v1h-7z"));
    }

    #[test]
    fn stretches_are_joined() {
        use Color::{Dark, Light};
        assert_eq!(runs(&[Dark, Dark, Light, Dark, Light, Light, Dark, Dark]), [(0, 2), (3, 1), (6, 2)]);
        assert_eq!(runs(&[Light, Light]), []);
    }

    #[test]
    fn what_does_not_fit_has_no_code() {
        assert!(svg(&"x".repeat(5_000), "x").is_none());
    }
}
