//! Sorting people by name, Chinese ones by pinyin.

use pinyin::ToPinyin as _;

/// Returns what a name is sorted by: pinyin for Chinese characters, everything in lower case. Names
/// that begin with a letter come before all others.
pub(crate) fn sort_key(name: &str) -> (bool, String, String) {
    let mut key = String::with_capacity(name.len());
    for character in name.trim().chars() {
        match character.to_pinyin() {
            Some(pinyin) => {
                key.push_str(pinyin.plain());
                // So that 李安 (li an) comes before 连 (lian).
                key.push(' ');
            }
            None => key.extend(character.to_lowercase()),
        }
    }
    let others = initial(name) == "#";
    (others, key, name.to_owned())
}

/// Returns under which letter a name stands: `A` to `Z`, or `#`.
pub(crate) fn initial(name: &str) -> String {
    let first = name.trim().chars().next();
    let letter = first.and_then(|character| match character.to_pinyin() {
        Some(pinyin) => pinyin.first_letter().chars().next(),
        None => Some(character),
    });
    match letter.map(|letter| letter.to_ascii_uppercase()) {
        Some(letter @ 'A'..='Z') => letter.to_string(),
        _ => "#".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_names_stand_among_latin_ones_by_sound() {
        let mut names = ["张伟", "bob", "9527", "Alice", "阿明", "李雷", "Zoë", "Бор"];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(
            names,
            ["阿明", "Alice", "bob", "李雷", "张伟", "Zoë", "9527", "Бор"]
        );
        let initials: String = names.iter().map(|name| initial(name)).collect();
        assert_eq!(initials, "AABLZZ##");
        assert_eq!(initial(""), "#");
    }
}
