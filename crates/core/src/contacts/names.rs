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

/// Returns how a name with Chinese characters is typed: a syllable of pinyin for each of them, and
/// other words in lower case, with one space between any two. Empty where nothing is Chinese, for
/// then the name is typed as it is written.
pub(crate) fn spelling(name: &str) -> String {
    let (mut spelling, mut chinese, mut in_word) = (String::new(), false, false);
    for character in name.chars() {
        let pinyin = character.to_pinyin();
        if pinyin.is_none() && !character.is_alphanumeric() {
            in_word = false;
            continue;
        }
        let goes_on = in_word && pinyin.is_none();
        if !goes_on && !spelling.is_empty() {
            spelling.push(' ');
        }
        match pinyin {
            // No keyboard has an ü: 吕 is typed as lv.
            Some(pinyin) => spelling.push_str(&pinyin.plain().replace('ü', "v")),
            None => spelling.extend(character.to_lowercase()),
        }
        chinese |= pinyin.is_some();
        in_word = pinyin.is_none();
    }
    if chinese { spelling } else { String::new() }
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

    #[test]
    fn chinese_names_are_spelled_as_they_are_typed() {
        for (name, expected) in [
            ("张伟", "zhang wei"),
            ("Anna 张", "anna zhang"),
            (" 李安Ang-Lee ", "li an ang lee"),
            ("吕布·2号", "lv bu 2 hao"),
            ("Alice", ""),
            ("Бор 9527", ""),
            ("", ""),
        ] {
            assert_eq!(spelling(name), expected, "{name}");
        }
    }
}
