//! Draws whose notification it is, with the fonts of the desktop.

use gtk::{
    cairo::{self, Context, Format, ImageSurface},
    pango::{FontDescription, Weight},
};
use magpie_core::notify::Avatar;
use zbus::zvariant::Value;

use super::avatar::{colour, initials};

/// As large as a daemon shows it on a screen with many points.
const SIDE: i32 = 96;

/// A picture as the daemon takes it: width, height, bytes per row, whether there is opacity, bits per
/// sample, samples per point, and the points.
pub(super) type ImageData = (i32, i32, i32, bool, i32, i32, Vec<u8>);

/// Returns the picture, or nothing where it cannot be drawn.
pub(super) fn portrait(avatar: &Avatar) -> Option<Value<'static>> {
    match draw(avatar) {
        Ok(image) => Some(Value::from(image)),
        Err(error) => {
            tracing::debug!(%error, "a portrait could not be drawn");
            None
        }
    }
}

fn draw(avatar: &Avatar) -> Result<ImageData, cairo::Error> {
    let mut surface = ImageSurface::create(Format::ARgb32, SIDE, SIDE)?;
    {
        let context = Context::new(&surface)?;
        let half = f64::from(SIDE) / 2.0;
        let [red, green, blue] = colour(avatar).map(|part| f64::from(part) / 255.0);
        context.arc(half, half, half, 0.0, std::f64::consts::TAU);
        context.set_source_rgb(red, green, blue);
        context.fill()?;
        // As in the page: letters of 17 in a circle of 44.
        let layout = pangocairo::create_layout(&context);
        let mut font = FontDescription::from_string("sans-serif");
        font.set_weight(Weight::Semibold);
        font.set_absolute_size(f64::from(SIDE) * 17.0 / 44.0 * f64::from(gtk::pango::SCALE));
        layout.set_font_description(Some(&font));
        layout.set_text(&initials(&avatar.name));
        let (width, height) = layout.pixel_size();
        context.set_source_rgb(1.0, 1.0, 1.0);
        context.move_to(
            half - f64::from(width) / 2.0,
            half - f64::from(height) / 2.0,
        );
        pangocairo::show_layout(&context, &layout);
    }
    let stride = usize::try_from(surface.stride()).unwrap_or_default();
    let side = usize::try_from(SIDE).unwrap_or_default();
    let data = surface.data().map_err(|_| cairo::Error::SurfaceFinished)?;
    let mut rgba = Vec::new();
    for row in data.chunks(stride.max(1)).take(side) {
        for point in row.chunks_exact(4).take(side) {
            rgba.extend(plain(point));
        }
    }
    Ok((SIDE, SIDE, SIDE * 4, true, 8, 4, rgba))
}

/// Turns a point of cairo, whose colour has its opacity in it already, into a plain one.
fn plain(point: &[u8]) -> [u8; 4] {
    let point: [u8; 4] = point.try_into().unwrap_or_default();
    let [opacity, red, green, blue] = u32::from_ne_bytes(point).to_be_bytes();
    let part = |part: u8| {
        let whole = (u32::from(part) * 255).checked_div(u32::from(opacity));
        u8::try_from(whole.unwrap_or_default()).unwrap_or(u8::MAX)
    };
    [part(red), part(green), part(blue), opacity]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(name: &str) -> Vec<u8> {
        let name = name.to_owned();
        let (width, height, stride, .., rgba) = draw(&Avatar { name, seed: 0 }).unwrap();
        assert_eq!((width, height, stride), (SIDE, SIDE, SIDE * 4));
        assert_eq!(rgba.len(), 96 * 96 * 4);
        rgba
    }

    #[test]
    fn a_portrait_is_a_circle_with_letters() {
        let alice = drawn("Alice");
        assert_eq!(alice[3], 0, "the corner is empty");
        let points = || alice.chunks_exact(4);
        assert!(
            points()
                .filter(|point| *point == [0xb5, 0x36, 0x2c, 255])
                .count()
                > 4_000
        );
        assert!(
            points()
                .filter(|point| *point == [255, 255, 255, 255])
                .count()
                > 50
        );
        assert_ne!(alice, drawn("Bob"));
    }
}
