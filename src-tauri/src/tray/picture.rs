//! Icons with the number of unread messages on them, drawn when they are needed.

use tauri::image::Image;

/// The red of the badge, and the white of its signs; as in the page.
const BADGE: [u8; 3] = [0xd9, 0x2d, 0x20];
const SIGN: [u8; 3] = [0xff, 0xff, 0xff];
/// The dot that says that nothing is told of.
const QUIET: [u8; 3] = [0x6b, 0x75, 0x80];

/// Signs of three by five points, a row in three bits, from above.
const SIGNS: [[u8; 5]; 11] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b010, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
    [0b000, 0b010, 0b111, 0b010, 0b000],
];
const PLUS: usize = 10;
/// Samples per point's side, against steps at edges.
const SAMPLES: u32 = 4;

/// A square picture, four bytes (red, green, blue, opacity) for each point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) side: u32,
    pub(crate) rgba: Vec<u8>,
}

impl Picture {
    /// Returns the same for those who want the opacity first.
    #[cfg(any(target_os = "linux", test))]
    pub(crate) fn argb(&self) -> Vec<u8> {
        let mut bytes = self.rgba.clone();
        for point in bytes.chunks_exact_mut(4) {
            point.rotate_right(1);
        }
        bytes
    }

    fn point(&mut self, x: u32, y: u32) -> Option<&mut [u8]> {
        let index = usize::try_from(y.checked_mul(self.side)?.checked_add(x)?).ok()?;
        let start = index.checked_mul(4)?;
        self.rgba.get_mut(start..start.checked_add(4)?)
    }

    /// Lays a colour over a point, `share` of it between 0 and 1.
    fn lay(&mut self, x: u32, y: u32, colour: [u8; 3], share: f32) {
        let Some([red, green, blue, opacity]) = self.point(x, y) else {
            return;
        };
        let below = f32::from(*opacity) / 255.0;
        let whole = share + below * (1.0 - share);
        if whole <= 0.0 {
            return;
        }
        for (old, new) in [red, green, blue].into_iter().zip(colour) {
            let mixed = f32::from(new) * share + f32::from(*old) * below * (1.0 - share);
            *old = byte(mixed / whole);
        }
        *opacity = byte(whole * 255.0);
    }
}

fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// Returns the app's icon in a size, with how many messages are unread, or with a dot where nothing
/// is told of.
pub(crate) fn icon(side: u32, unread: u32, quiet: bool) -> Picture {
    let mut picture = shrunk(&tauri::include_image!("icons/128x128.png"), side);
    if unread > 0 {
        badge(&mut picture, unread);
    } else if quiet {
        let radius = side as f32 * 0.2;
        let middle = side as f32 - radius;
        pill(&mut picture, (middle, middle), (radius, radius), QUIET);
    }
    picture
}

/// Returns a badge alone, for a taskbar that lays it over the icon itself.
#[cfg(any(windows, test))]
pub(crate) fn badge_alone(side: u32, unread: u32) -> Picture {
    let points = usize::try_from(side * side * 4).unwrap_or_default();
    let mut picture = Picture {
        side,
        rgba: vec![0; points],
    };
    badge(&mut picture, unread);
    picture
}

/// Makes a square picture smaller, each point the mean of those it stands for.
fn shrunk(image: &Image<'_>, side: u32) -> Picture {
    let source = image.width();
    let mut rgba = Vec::new();
    for y in 0..side {
        for x in 0..side {
            let columns = x * source / side..((x + 1) * source).div_ceil(side);
            let rows = y * source / side..((y + 1) * source).div_ceil(side);
            let (mut sums, mut count) = ([0_u32; 4], 0);
            for row in rows {
                for column in columns.clone() {
                    let start = usize::try_from((row * source + column) * 4).unwrap_or(usize::MAX);
                    let Some([red, green, blue, opacity]) = start
                        .checked_add(4)
                        .and_then(|end| image.rgba().get(start..end))
                    else {
                        continue;
                    };
                    // What cannot be seen has no colour to mix in.
                    let weight = u32::from(*opacity);
                    let parts = [red, green, blue].map(|part| u32::from(*part) * weight / 255);
                    for (sum, part) in sums.iter_mut().zip(parts.into_iter().chain([weight])) {
                        *sum += part;
                    }
                    count += 1;
                }
            }
            let [red, green, blue, weight] = sums;
            let colour = [red, green, blue].map(|sum| {
                let part = (sum * 255).checked_div(weight).unwrap_or_default();
                u8::try_from(part).unwrap_or(u8::MAX)
            });
            let opacity = weight.checked_div(count).unwrap_or_default();
            rgba.extend(colour);
            rgba.push(u8::try_from(opacity).unwrap_or(u8::MAX));
        }
    }
    Picture { side, rgba }
}

/// Draws the number on the lower right: itself up to 9, then `9+`.
fn badge(picture: &mut Picture, unread: u32) {
    let signs: &[usize] = match usize::try_from(unread) {
        Ok(number @ 0..=9) => &[number],
        _ => &[9, PLUS],
    };
    let side = picture.side as f32;
    let radius = side * 0.3;
    // A point of a sign is a whole number of points of the icon, or it would be blurred.
    let point = (radius * 1.35 / 5.0).round().max(1.0);
    let columns = signs.len() as f32 * 4.0 - 1.0;
    let half_width = radius
        .max(columns * point / 2.0 + radius * 0.35)
        .min(side / 2.0);
    let middle = (side - half_width, side - radius);
    pill(picture, middle, (half_width, radius), BADGE);
    let left = (middle.0 - columns * point / 2.0).round();
    let top = (middle.1 - 5.0 * point / 2.0).round();
    for (place, sign) in signs.iter().enumerate() {
        let Some(rows) = SIGNS.get(*sign) else {
            continue;
        };
        for (row, bits) in rows.iter().enumerate() {
            for column in 0..3_usize {
                if bits & (0b100 >> column) != 0 {
                    let x = left + (place * 4 + column) as f32 * point;
                    let y = top + row as f32 * point;
                    square(picture, (x, y), point, SIGN);
                }
            }
        }
    }
}

fn square(picture: &mut Picture, (left, top): (f32, f32), side: f32, colour: [u8; 3]) {
    for y in top as u32..(top + side) as u32 {
        for x in left as u32..(left + side) as u32 {
            picture.lay(x, y, colour, 1.0);
        }
    }
}

/// Draws a rectangle with round ends around a point; `half` is half its width and half its height.
fn pill(picture: &mut Picture, middle: (f32, f32), half: (f32, f32), colour: [u8; 3]) {
    let straight = (half.0 - half.1).max(0.0);
    let step = 1.0 / SAMPLES as f32;
    for y in 0..picture.side {
        for x in 0..picture.side {
            let mut inside = 0;
            for sample in 0..SAMPLES * SAMPLES {
                let at = |start: u32, number: u32| start as f32 + (number as f32 + 0.5) * step;
                let dx = (at(x, sample % SAMPLES) - middle.0).abs();
                let dy = at(y, sample / SAMPLES) - middle.1;
                inside += u32::from((dx - straight).max(0.0).hypot(dy) <= half.1);
            }
            if inside > 0 {
                picture.lay(x, y, colour, inside as f32 * step * step);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(picture: &Picture, colour: [u8; 3]) -> usize {
        let points = picture.rgba.chunks_exact(4);
        points
            .filter(|point| point.starts_with(&colour) && point.last() == Some(&255))
            .count()
    }

    #[test]
    fn an_icon_has_the_size_that_was_asked_for() {
        for side in [16, 22, 24, 32, 48, 64] {
            let plain = icon(side, 0, false);
            assert_eq!(plain.rgba.len(), usize::try_from(side * side * 4).unwrap());
            assert_eq!(count(&plain, BADGE), 0, "{side}");
            assert!(
                plain.rgba.chunks_exact(4).any(|point| point[3] == 255),
                "{side}"
            );
        }
    }

    #[test]
    fn each_number_looks_different_and_can_be_seen() {
        for side in [22, 32, 64] {
            let pictures: Vec<Picture> = (0..=10).map(|unread| icon(side, unread, false)).collect();
            for (unread, picture) in pictures.iter().enumerate() {
                let others = pictures.iter().filter(|other| *other == picture).count();
                assert_eq!(others, 1, "{unread} at {side}");
                assert!(
                    unread == 0 || count(picture, SIGN) >= 5,
                    "{unread} at {side}"
                );
                assert_eq!(
                    count(picture, BADGE) >= 20,
                    unread > 0,
                    "{unread} at {side}"
                );
            }
            assert_eq!(icon(side, 10, false), icon(side, 4_000, true));
        }
    }

    #[test]
    fn quiet_is_a_dot_where_nothing_is_unread() {
        assert!(count(&icon(32, 0, true), QUIET) > 20);
        assert_eq!(count(&icon(32, 3, true), QUIET), 0);
    }

    #[test]
    fn opacity_comes_first_where_it_is_wanted_first() {
        let picture = Picture {
            side: 1,
            rgba: vec![1, 2, 3, 4],
        };
        assert_eq!(picture.argb(), [4, 1, 2, 3]);
    }

    #[test]
    fn a_badge_alone_has_nothing_around_it() {
        let alone = badge_alone(32, 3);
        assert_eq!(alone.rgba[3], 0);
        assert!(count(&alone, BADGE) > 20);
    }
}
