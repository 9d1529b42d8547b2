//! Numbers, amounts and dates that are written as elsewhere.

use super::{Scan, is_numeric, is_word};
use crate::problem::{Problem, Repair};
use crate::span::Span;
use crate::token::{Token, TokenKind};
use crate::word::WORDS;

impl Scan<'_> {
    /// A literal, perhaps with something glued to it that it must not touch.
    pub(super) fn literal(&mut self, token: Token) {
        if self.touching_minus(token) {
            self.index += 1;
            return;
        }
        let start = token.span.start as usize;
        if let Some(length) = other_date(self.rest(start)).filter(|_| token.kind != TokenKind::Date) {
            return self.wrong_date(Span::new(start, start + length));
        }
        let end = self.glued();
        if end > self.index {
            return self.wrong_literal(token, end);
        }
        self.index += 1;
        let readings = thousand_or_fraction(self.text(token)).filter(|_| is_amount(token.kind));
        let is_percent = token.span.behind(self.source).trim_start().starts_with('%');
        if let Some((grouped, decimal)) = readings.filter(|_| !is_percent) {
            self.two_readings(token, &grouped, &decimal);
        }
        if self.open.last().is_some_and(|(_, arguments)| *arguments)
            && token.kind == TokenKind::Number
            && self.text(token).contains(',')
        {
            let plain = self.text(token).replace(',', "");
            let problem =
                Problem::error("wrong-number", token.span, "between commas a number is written without grouping")
                    .label("one number, or several?")
                    .help(format!("write `{plain}`, or a space after each comma"));
            let apart = self.text(token).replace(',', ", ");
            let problem = problem.choice(token.span, plain.clone()).choice(token.span, apart);
            return self.put(problem, token.span, plain);
        }
        if token.kind == TokenKind::Number && self.named_unit(token) {
            return;
        }
        // `500$`: the sign is before the amount.
        let sign = self.ahead(0).filter(|next| next.kind == TokenKind::Unknown && is_currency(self.text(*next)));
        if let Some(sign) = sign.filter(|_| token.kind == TokenKind::Number) {
            let text = format!("{}{}", self.text(sign), self.text(token));
            let span = token.span.to(sign.span);
            self.replace(wrong_money(span, "the currency sign comes before the amount", &text), span, text);
            self.index += 1;
        }
    }

    /// `2 percent`, `500 dollars`, on one line.
    fn named_unit(&mut self, number: Token) -> bool {
        let (blank, word) = (self.ahead(0), self.ahead(1));
        let (Some(blank), Some(word)) = (blank, word) else { return false };
        if blank.kind != TokenKind::Blank || self.text(blank).contains('\n') || !is_word(word.kind) {
            return false;
        }
        let digits = self.text(number);
        let span = number.span.to(word.span);
        let said = span.text(self.source);
        let sign = match self.text(word) {
            "percent" => {
                let fixed = format!("{digits}%");
                let problem = Problem::error("wrong-percent", span, format!("`{said}` is written `{fixed}`"))
                    .label(format!("write `{fixed}`"));
                self.replace(problem, span, fixed);
                self.index += 2;
                return true;
            }
            "dollar" | "dollars" => "$",
            "euro" | "euros" => "€",
            "pound" | "pounds" => "£",
            _ => return false,
        };
        let fixed = match digits.strip_prefix('-') {
            Some(digits) => format!("-{sign}{digits}"),
            None => format!("{sign}{digits}"),
        };
        let problem = wrong_money(span, "a currency is written by its sign or code", &fixed).choice(span, &*fixed);
        self.put(problem, span, fixed);
        self.index += 2;
        true
    }

    /// The last token that touches the literal and cannot belong to anything else.
    fn glued(&mut self) -> usize {
        let mut end = self.index;
        while let Some(next) = self.token(end + 1) {
            let point = matches!(self.text(next), "." | ",");
            if is_word(next.kind) || is_numeric(next.kind) {
                end += 1;
            } else if point
                && self.token(end + 2).is_some_and(|after| is_numeric(after.kind) && !self.text(after).starts_with('-'))
            {
                end += 2;
            } else {
                break;
            }
        }
        end
    }

    fn wrong_literal(&mut self, token: Token, end: usize) {
        #[expect(clippy::indexing_slicing, reason = "`glued` looked at this token")]
        let last = self.tokens[end];
        let span = token.span.to(last.span);
        let text = span.text(self.source);
        let first = self.text(token);
        self.index = end + 1;
        let (_, rest) = text.split_at(first.len());
        if rest.chars().all(|sign| matches!(sign, '0'..='9' | '.' | ',' | '%')) {
            return self.wrong_grouping(span);
        }
        if rest.starts_with('-') || (rest.contains('-') && !rest.chars().any(char::is_alphabetic)) {
            let blanks = format!("{first}{}", rest.replace('-', " - "));
            let problem = Problem::error("minus-spaces", span, "a minus has spaces on both sides")
                .label("a subtraction, or something else?")
                .help(format!("write `{blanks}`; a key with `-` in it is quoted: `\"{text}\"`"));
            let quoted = format!("\"{text}\"");
            if self.in_test {
                return self.replace(problem, span, quoted);
            }
            return self.put(problem.choice(span, blanks.clone()).choice(span, quoted), span, blanks);
        }
        // A `T` is a thousand to some and a trillion to others, an `m` a thousand or a million.
        let (suffix, known) = match rest {
            "K" | "thousand" => (Some("k"), true),
            "T" => (Some("k"), false),
            "mio" | "Mio" | "MM" | "mn" => (Some("M"), true),
            "m" => (Some("M"), false),
            "b" | "bn" | "Bn" => (Some("B"), true),
            _ => (None, false),
        };
        if let Some(suffix) = suffix.filter(|_| matches!(token.kind, TokenKind::Number | TokenKind::Money)) {
            let fixed = format!("{first}{suffix}");
            let problem = Problem::error("wrong-number", span, format!("`{text}` is written `{fixed}`"))
                .label("`k` is a thousand, `M` a million, `B` a billion");
            let problem = if known { problem.sure(span, &*fixed) } else { problem.choice(span, &*fixed) };
            return self.put(problem, span, fixed);
        }
        if token.kind != TokenKind::Number || WORDS.binary_search(&rest).is_ok() {
            let fixed = format!("{first} {rest}");
            let problem = Problem::error("wrong-number", span, format!("a space is missing after `{first}`"))
                .label(format!("write `{fixed}`"));
            return self.replace(problem, span, fixed);
        }
        let quoted = format!("\"{text}\"");
        let message = format!("`{text}` is neither a number nor a name");
        if !self.in_test {
            let problem = Problem::error("wrong-number", span, message)
                .label("a name begins with a letter, a number has digits, `,` and `.`, and `k`, `M` or `B` after it")
                .help("write, for example, `1,250`, `1.5` or `10k`; a text is written in quotes");
            return self.put(problem, span, quoted);
        }
        let problem = Problem::error("quote-key", span, message)
            .label("a name begins with a letter")
            .help(format!("as a key in a test, quote it: `{quoted}`"));
        self.put(problem.choice(span, &*quoted), span, quoted.clone());
    }

    /// `$1.250`, `1.000`: a thousand and some where a point groups, one and some here. Neither reading is sure.
    fn two_readings(&mut self, token: Token, grouped: &str, decimal: &str) {
        let text = self.text(token);
        let arguments = self.open.last().is_some_and(|(_, arguments)| *arguments) && token.kind == TokenKind::Number;
        let grouped = if arguments { grouped.replace(',', "") } else { grouped.to_owned() };
        let problem = Problem::error("wrong-number", token.span, format!("`{text}` has two readings"))
            .label("the decimal point is `.`, thousands are grouped in threes by `,`")
            .help(format!("write `{grouped}` or `{decimal}`"))
            .choice(token.span, grouped)
            .choice(token.span, decimal);
        self.problems.push(problem);
    }

    /// `1,00`, `1.000,50`, `1.000.000`
    fn wrong_grouping(&mut self, span: Span) {
        let text = span.text(self.source);
        let digits = text.find(|sign: char| sign.is_ascii_digit()).unwrap_or(0);
        let (head, number) = text.split_at(digits);
        let (number, tail) = number.strip_suffix('%').map_or((number, ""), |number| (number, "%"));
        let points = number.matches('.').count();
        let as_decimal = number.replace('.', "").replace(',', ".");
        let as_whole = number.replace(['.', ','], "");
        let several = self.open.last().is_some_and(|(_, arguments)| *arguments);
        // What else it may be; nothing where there is one reading only.
        let mut others = Vec::new();
        let (fixed, help) = if several && points == 0 {
            let apart = number.replace(',', ", ");
            others.push(as_whole);
            (apart.clone(), format!("write `{apart}` for several numbers, with a space after each comma"))
        } else if number.matches(',').count() == 1 && (points == 0 || number.find(',') > number.rfind('.')) {
            let fixed = format!("{head}{as_decimal}{tail}");
            let whole = format!("{head}{as_whole}{tail}");
            let other = if points == 0 { format!(", or `{whole}` without grouping") } else { String::new() };
            others.extend((points == 0).then_some(whole));
            (fixed.clone(), format!("write `{fixed}`{other}"))
        } else {
            let fixed = match number.split_once('.') {
                Some((whole, fraction)) if points == 1 => {
                    format!("{head}{}.{}{tail}", whole.replace(',', ""), fraction.replace(',', ""))
                }
                _ => format!("{head}{as_whole}{tail}"),
            };
            (fixed.clone(), format!("write `{fixed}`"))
        };
        let problem = Problem::error("wrong-number", span, format!("`{text}` is not a number"))
            .label("the decimal point is `.`, thousands are grouped in threes by `,`")
            .help(help);
        let one_reading = others.is_empty() && is_european(number);
        let problem = if one_reading { problem.sure(span, &*fixed) } else { problem.choice(span, &*fixed) };
        let problem = others.into_iter().fold(problem, |problem, other| problem.choice(span, other));
        self.put(problem, span, fixed);
    }

    /// `.5`
    pub(super) fn bare_point(&mut self, point: Token, number: Token) {
        let span = point.span.to(number.span);
        let fixed = format!("0{}", span.text(self.source));
        let problem =
            Problem::error("wrong-number", span, "a number begins with a digit").label(format!("write `{fixed}`"));
        self.replace(problem, span, fixed);
        self.index += 2;
    }

    fn wrong_date(&mut self, span: Span) {
        let text = span.text(self.source);
        let readings = date_readings(text);
        let help = match &readings[..] {
            [one] => format!("write `{one}`"),
            [one, other] => format!("write `{one}` or `{other}`"),
            _ => "write year, month and day: `2026-02-01`".to_owned(),
        };
        let fixed = readings.first().cloned().unwrap_or_else(|| "2026-01-01".to_owned());
        let problem = Problem::error("wrong-date", span, format!("`{text}` is not how dates are written here"))
            .label("dates are written 2026-02-01")
            .help(help);
        let problem = match &readings[..] {
            [one] => problem.sure(span, &**one),
            several => several.iter().fold(problem, |problem, reading| problem.choice(span, &**reading)),
        };
        self.put(problem, span, fixed);
        self.go_on_at(span.end as usize);
    }

    /// A `%` that does not touch its number.
    pub(super) fn percent_sign(&mut self, span: Span) {
        let before = self.index.checked_sub(2).and_then(|first| self.tokens.get(first..self.index));
        match before {
            Some(&[number, blank]) if number.kind == TokenKind::Number && blank.kind == TokenKind::Blank => {
                let text = self.text(number);
                let problem = Problem::error("wrong-percent", number.span.to(span), "`%` touches its number")
                    .label(format!("write `{text}%`"))
                    .repair(Repair::sure(format!("write `{text}%`")).edit(blank.span, ""));
                self.put(problem, blank.span, "");
                // The sign itself was no word; now it is a part of the number.
            }
            _ => {
                // `x%`: without the sign it would pay a hundred times as much, so that is no repair.
                let name = self.index.checked_sub(1).and_then(|index| self.tokens.get(index).copied());
                let name = name.filter(|name| is_word(name.kind)).map(|name| self.text(name));
                let help = name.map_or("write `2%`".to_owned(), |name| {
                    format!("give `{name}` its `%` where it gets its value, as `let {name} = 2%`, and write `{name} of amount` here")
                });
                let problem = Problem::error("wrong-percent", span, "a `%` belongs to a number")
                    .label("there is no number before it")
                    .help(help);
                self.put(problem, span, " ");
            }
        }
    }

    /// A sign of a currency that does not touch its amount: `$ 500`, `$-500`.
    pub(super) fn currency_sign(&mut self, span: Span) {
        let sign = span.text(self.source);
        let rest = span.behind(self.source);
        let blanks = rest.len() - rest.trim_start_matches([' ', '\u{00A0}', '\u{202F}']).len();
        let number = (self.index + 1..=self.index + 2).find_map(|index| {
            self.token(index).filter(|token| token.span.start as usize == span.end as usize + blanks)
        });
        match number.filter(|number| number.kind == TokenKind::Number) {
            Some(number) => {
                let digits = self.text(number);
                let fixed = match digits.strip_prefix('-') {
                    Some(digits) => format!("-{sign}{digits}"),
                    None => format!("{sign}{digits}"),
                };
                let span = span.to(number.span);
                let message = if digits.starts_with('-') {
                    "the minus comes before the currency"
                } else {
                    "the sign of the currency touches its amount"
                };
                self.replace(wrong_money(span, message, &fixed), span, fixed.clone());
                self.go_on_at(span.end as usize);
            }
            None => {
                let problem = Problem::error("wrong-money", span, format!("`{sign}` comes before an amount"))
                    .label("there is no amount after it")
                    .help(format!("write `{sign}500`"))
                    .choice(span, "");
                self.put(problem, span, " ");
                self.go_on_at(span.end as usize);
            }
        }
    }
}

fn is_amount(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Number | TokenKind::Money)
}

/// Both readings of a number with one point and three digits behind it, as they are written without doubt; none where
/// nobody groups so: `0.125`, `1,000.125`, `1250.125`, `1.125k`. A third decimal that counts is followed by a zero.
///
/// ```
/// use meed_grammar::thousand_or_fraction;
/// assert_eq!(thousand_or_fraction("1.250"), Some(("1,250".to_owned(), "1.25".to_owned())));
/// assert_eq!(thousand_or_fraction("0.125"), None);
/// ```
pub fn thousand_or_fraction(text: &str) -> Option<(String, String)> {
    let digits = text.find(|sign: char| sign.is_ascii_digit())?;
    let (head, number) = text.split_at(digits);
    let end = number.find(|sign: char| !sign.is_ascii_digit() && sign != '.').unwrap_or(number.len());
    let (number, tail) = number.split_at(end);
    let (whole, fraction) = number.split_once('.')?;
    let grouped = (1..=3).contains(&whole.len()) && !whole.starts_with('0') && fraction.len() == 3;
    // A unit is apart, `1.250 EUR`; what touches is another number.
    if !grouped || tail.starts_with(|sign: char| sign.is_alphanumeric() || sign == ',') {
        return None;
    }
    // Amounts of a currency with three decimals are written with three.
    let currency = iso_currency::Currency::from_code(tail.trim());
    if currency.and_then(|currency| currency.exponent()) == Some(3) {
        return None;
    }
    let decimal = match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        short if short.len() == 3 => format!("{number}0"),
        short => format!("{whole}.{short}"),
    };
    Some((format!("{head}{whole},{fraction}{tail}"), format!("{head}{decimal}{tail}")))
}

fn wrong_money(span: Span, message: &str, fixed: &str) -> Problem {
    Problem::error("wrong-money", span, message).label(format!("write `{fixed}`"))
}

/// `1.000,50`, `1.000.000`: groups of three by points, which is one reading only.
fn is_european(number: &str) -> bool {
    let (whole, fraction) = number.split_once(',').unwrap_or((number, ""));
    let mut groups = whole.split('.');
    let first = groups.next().is_some_and(|first| (1..=3).contains(&first.len()));
    let rest: Vec<&str> = groups.collect();
    // A single point is the decimal point here.
    let grouped = if number.contains(',') { !rest.is_empty() } else { rest.len() > 1 };
    first && grouped && rest.iter().all(|group| group.len() == 3) && !fraction.contains(['.', ','])
}

fn is_currency(text: &str) -> bool {
    matches!(text, "$" | "€" | "£" | "¥" | "₹" | "₽" | "₩" | "₺" | "₣" | "₴")
}

/// The length of something that is a date elsewhere: `2026-2-1`, `01/02/2026`, `1.2.2026`.
fn other_date(text: &str) -> Option<usize> {
    let groups = |text: &str| text.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(text.len());
    let first = groups(text);
    let (_, rest) = text.split_at(first);
    let separator = rest.chars().next().filter(|sign| matches!(sign, '-' | '/' | '.'))?;
    let rest = rest.strip_prefix(separator)?;
    let second = groups(rest);
    let (_, rest) = rest.split_at(second);
    let rest = rest.strip_prefix(separator)?;
    let third = groups(rest);
    let (_, behind) = rest.split_at(third);
    let goes_on = behind.starts_with(|sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '%' | '/' | '-'));
    let shape = (1..=2).contains(&second)
        && ((first == 4 && (1..=2).contains(&third)) || ((1..=2).contains(&first) && matches!(third, 2 | 4)));
    (shape && !goes_on).then_some(first + second + third + 2)
}

/// How many days a month has, if there is such a month.
pub(crate) fn days_in_month(year: u32, month: u32) -> Option<u32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => Some(29),
        2 => Some(28),
        4 | 6 | 9 | 11 => Some(30),
        1..=12 => Some(31),
        _ => None,
    }
}

/// The dates that may be meant, as they are written here.
fn date_readings(text: &str) -> Vec<String> {
    let separator = text.chars().find(|sign| !sign.is_ascii_digit()).unwrap_or('-');
    let numbers: Vec<u32> = text.split(separator).filter_map(|part| part.parse().ok()).collect();
    let &[first, second, third] = &numbers[..] else {
        return Vec::new();
    };
    let full = |year: u32| if year < 100 { 2000 + year } else { year };
    let mut readings = Vec::new();
    let mut add = |year: u32, month: u32, day: u32| {
        let reading = format!("{:04}-{month:02}-{day:02}", full(year));
        let is_day = days_in_month(full(year), month).is_some_and(|days| (1..=days).contains(&day));
        if is_day && !readings.contains(&reading) {
            readings.push(reading);
        }
    };
    if first > 99 {
        add(first, second, third);
        return readings;
    }
    if separator != '.' {
        add(third, first, second);
    }
    add(third, second, first);
    // `26-02-01`: the year may come first.
    if third < 100 && separator == '-' {
        add(first, second, third);
    }
    readings
}
