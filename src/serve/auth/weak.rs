//! Passwords that are guessed first.
//!
//! A list of the usual passwords would hold mostly what a few rules say: a handful of words, with digits and signs
//! around them, letters swapped for look-alikes, doubled, or a walk over the keyboard. What is left of a password when
//! all that is taken away must be enough by itself.

use super::password::LENGTH;

/// What the usual passwords are made of (from the published lists of leaked ones), plus this product.
const WORDS: &str = "
    password passwort passwd pass pwd secret geheim login logon signin access admin administrator root user guest
    master manager system server service support default changeme change temp test testing demo sample example
    welcome willkommen hello hallo letmein iloveyou loveyou lovely love baby babygirl princess prince angel sunshine
    sunflower flower butterfly rainbow dragon monkey tiger lion eagle falcon panther kitten pussycat puppy doggy horse
    football baseball basketball soccer hockey liverpool arsenal chelsea barcelona realmadrid juventus yankees lakers
    superman batman spiderman pokemon pikachu starwars startrek matrix minecraft fortnite naruto mustang ferrari porsche
    mercedes corvette harley yamaha computer internet windows microsoft google facebook instagram samsung apple iphone
    android linux ubuntu oracle cisco database network security hacker trustno michael jennifer jessica ashley daniel
    jordan michelle thomas charlie andrew matthew joshua anthony nicole hannah amanda robert william george maggie
    ginger pepper buster shadow hunter ranger killer summer winter spring autumn sommer herbst fruehling january
    february march april june july august september october november december monday tuesday wednesday thursday friday
    saturday sunday america england germany france london berlin paris freedom whatever nothing blessed jesus christ
    cheese cookie chocolate banana orange cherry purple yellow silver golden diamond money lucky forever friends family
    qwerty qwertz azerty asdf zxcv qazwsx correcthorsebatterystaple company enterprise office corporate
    logan logs logging";

/// Rows of keys and the orders of letters and digits; walked both ways.
const WALKS: [&str; 11] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
];

/// Fewest characters that must be left when all that is guessed first is taken away.
const LEAST_LEFT: usize = 6;
/// Fewest different characters.
const LEAST_DIFFERENT: usize = 5;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Too few or too many characters.
    #[error("a password has 12 to 128 characters")]
    Length,
    /// It is one of those that are tried first.
    #[error(
        "this password is easily guessed: it is made of common words, sequences, repetitions or your own names; \
         take several unrelated words"
    )]
    Common,
}

/// Refuses a password that is guessed first. `own` are the names of its owner: e-mail address, name, org.
pub fn refuse_weak(password: &str, own: &[&str]) -> Result<(), Weak> {
    if !LENGTH.contains(&password.chars().count()) {
        return Err(Weak::Length);
    }
    let lower = password.to_lowercase();
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < LEAST_DIFFERENT || is_repetition(&lower) {
        return Err(Weak::Common);
    }
    // Each name as a whole, without what parts it, and its parts.
    let parts = |name: &&str| {
        let parts = name.split(|letter: char| !letter.is_alphanumeric()).map(str::to_lowercase);
        let parts: Vec<String> = parts.collect();
        let mut all = vec![name.to_lowercase(), parts.concat()];
        all.extend(parts);
        all
    };
    let own: Vec<String> = own.iter().flat_map(parts).filter(|part| part.chars().count() >= 4).collect();
    // As it is, and with the look-alikes turned back: `p4$$w0rd`.
    let guessed =
        [lower.clone(), lower.chars().map(look_alike).collect()].iter().any(|text| left_of(text, &own) < LEAST_LEFT);
    if guessed { Err(Weak::Common) } else { Ok(()) }
}

fn look_alike(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Returns true for a text that is a shorter one again and again.
fn is_repetition(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    (1..=letters.len() / 2).any(|period| letters.iter().zip(&letters[period..]).all(|(a, b)| a == b))
}

/// Returns how many letters and digits are left without words, names, walks and years.
fn left_of(text: &str, own: &[String]) -> usize {
    let mut words: Vec<&str> = WORDS.split_whitespace().chain(own.iter().map(String::as_str)).collect();
    // The longest first: `password` before `pass`.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut text = text.to_owned();
    for word in words {
        // A gap, so that what stood on both sides does not become a word.
        text = text.replace(word, " ");
    }
    text.split(|letter: char| !letter.is_alphanumeric()).map(|part| part.chars().count() - walked(part)).sum()
}

/// Returns how many characters belong to walks of three and more, or to a run of one character.
fn walked(part: &str) -> usize {
    let letters: Vec<char> = part.chars().collect();
    let back = |walk: &str| walk.chars().rev().collect::<String>();
    let walks: Vec<String> = WALKS.into_iter().flat_map(|walk| [walk.to_owned(), back(walk)]).collect();
    let is_walk = |run: &[char]| {
        let text: String = run.iter().collect();
        run.iter().all(|letter| *letter == run[0]) || walks.iter().any(|walk| walk.contains(&text))
    };
    let (mut at, mut walked) = (0, 0);
    while at < letters.len() {
        let longest = (3..=letters.len() - at).take_while(|length| is_walk(&letters[at..at + length])).last();
        walked += longest.unwrap_or(0);
        at += longest.unwrap_or(1);
    }
    walked
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: [&str; 3] = ["heron.smith@example.org", "Ada Lovelace", "Northwind Traders"];

    #[test]
    fn what_is_guessed_first_is_refused() {
        for weak in [
            "password1234",
            "Password123!",
            "P@ssw0rd2024",
            "p4$$w0rdp4$$w0rd",
            "passwordpassword",
            "qwertyuiop123",
            "123456789012",
            "111111111111",
            "abcdefghijkl",
            "aaaaaabbbbbb",
            "abcabcabcabc",
            "qwerty123456",
            "iloveyou1234",
            "Welcome2024!",
            "Sunshine2023",
            "adminadmin12",
            "administrator",
            "letmein12345",
            "1q2w3e4r5t6y",
            "zxcvbnmasdfg",
            "changeme1234",
            "Summer2024!!",
            "monkey123456",
            "dragon123456",
            "football1234",
            "987654321098",
            "asdfghjkl123",
            "loganlogan12",
            "logan-secret-1",
            "heron.smith@example.org",
            "Northwind2024!",
            "heron.smith1",
            "adalovelace1",
            "1q2w3e4r5t6y7u8i9o0p",
            "qazwsxedcrfvtgbyhnujmikolp",
            "1qaz2wsx3edc",
            "trustno1trustno1",
            "qazwsxedcrfv",
            "baseball2024",
            "princess12345",
            "Winter2023!!",
            "correcthorsebatterystaple",
        ] {
            assert_eq!(refuse_weak(weak, &OWN), Err(Weak::Common), "{weak}");
        }
    }

    #[test]
    fn what_is_long_and_unrelated_is_taken() {
        for good in [
            "seven herons wade upstream",
            "kT9#vb2Lq!xZ",
            "gravel-teapot-9-violin",
            "Wer reitet so spät durch Nacht?",
            "my horse eats 4 blue lamps",
            "東京から新潟まで電車で二時間です",
            "tuscan orbit pallet mnemonic",
            "x7Gh-92kd-PqW3",
        ] {
            assert_eq!(refuse_weak(good, &OWN), Ok(()), "{good}");
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(refuse_weak("kT9#vb2Lq!x", &[]), Err(Weak::Length));
        assert_eq!(refuse_weak(&"kT9#vb2Lq!xZ".repeat(11), &[]), Err(Weak::Length));
        assert_eq!(refuse_weak(&"é".repeat(129), &[]), Err(Weak::Length));
    }
}
