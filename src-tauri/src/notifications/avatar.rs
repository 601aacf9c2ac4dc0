//! Whose notification it is, as a picture: the colour and the initials that the page draws.

use magpie_core::notify::Avatar;

/// The colours of `UiAvatar`, in its order.
const COLOURS: [u32; 10] = [
    0x00b5_362c,
    0x00a8_4d0d,
    0x0083_6005,
    0x004a_7020,
    0x001a_7448,
    0x000f_7173,
    0x001c_69a4,
    0x004a_59b8,
    0x007a_4bb0,
    0x00a8_3a7c,
];

/// Returns the colour as red, green and blue. As in the page: the same for the same number.
pub(super) fn colour(avatar: &Avatar) -> [u8; 3] {
    let seed = u32::try_from(avatar.seed & u64::from(u32::MAX)).unwrap_or_default();
    let mixed = seed.wrapping_mul(0x9e37_79b1);
    let place = usize::try_from(mixed >> 16).unwrap_or_default() % COLOURS.len();
    let [_, red, green, blue] = COLOURS
        .get(place)
        .copied()
        .unwrap_or_default()
        .to_be_bytes();
    [red, green, blue]
}

/// Returns one or two letters of a name; one for scripts that write words in one sign.
pub(super) fn initials(name: &str) -> String {
    let mut firsts = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|sign| sign.is_alphanumeric()));
    let Some(first) = firsts.next() else {
        return "?".to_owned();
    };
    if !has_case(first) {
        return first.to_string();
    }
    let last = firsts.rfind(|sign| sign.is_alphabetic());
    first
        .to_uppercase()
        .chain(last.into_iter().flat_map(char::to_uppercase))
        .collect()
}

/// Whether a letter belongs to a script that has capitals, as Latin, Greek and Cyrillic do.
fn has_case(sign: char) -> bool {
    sign.is_lowercase() || sign.is_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_page() {
        for (name, letters) in [
            ("Alice", "A"),
            ("ming li", "ML"),
            ("Maximilian von und zu Hohenstein", "MH"),
            ("Bob (work)", "BW"),
            ("鲍勃", "鲍"),
            ("王 小明", "王"),
            ("Élodie", "É"),
            ("  ", "?"),
            ("!!!", "?"),
            ("Bob 2", "B"),
        ] {
            assert_eq!(initials(name), letters, "{name:?}");
        }
    }

    #[test]
    fn the_colour_is_that_of_the_page() {
        let of = |seed| {
            let name = String::new();
            colour(&Avatar { name, seed })
        };
        assert_eq!(of(0), [0xb5, 0x36, 0x2c]);
        // `(Math.imul(1, 0x9e3779b1) >>> 16) % 10` is 0x9e37 % 10, which is 3.
        assert_eq!(of(1), [0x4a, 0x70, 0x20]);
        assert_eq!(of(u64::from(u32::MAX) + 2), of(1));
    }
}
