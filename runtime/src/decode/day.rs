//! Dates and times as cells write them.
//!
//! Days are counted from 1970-01-01 in the civil calendar of all years from 1 to 9999.

use crate::source::text::{FIRST_DAY, LAST_DAY};
use jiff::{civil, tz::TimeZone};
use meed_compiler::internal::broken;

/// The day of a date, if there is such a date.
#[inline]
pub(crate) fn day_of(year: i32, month: u32, day: u32) -> Option<i32> {
    const LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = *LENGTHS.get(month.checked_sub(1)? as usize)?;
    if !(1..=9999).contains(&year) || day == 0 || day > length || (month == 2 && day == 29 && !is_leap) {
        return None;
    }
    // Years that begin in March, so that a leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let month = if month <= 2 { month + 9 } else { month - 3 };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year.cast_signed() - 719_468)
}

/// Year, month and day of a day from 1 to 9999.
pub(crate) fn date_of(day: i32) -> (i32, u32, u32) {
    let days = day + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month + 2) / 5 + 1).cast_unsigned();
    let month = month.cast_unsigned();
    let year = year_of_era + era * 400;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

/// `2026-02-01`
pub(crate) fn parse_iso(text: &[u8]) -> Option<i32> {
    let &[a, b, c, d, b'-', e, f, b'-', g, h] = text else { return None };
    let mut digits = [a, b, c, d, e, f, g, h];
    for digit in &mut digits {
        *digit = digit.wrapping_sub(b'0');
        if *digit > 9 {
            return None;
        }
    }
    let [a, b, c, d, e, f, g, h] = digits.map(u32::from);
    day_of((a * 1000 + b * 100 + c * 10 + d).cast_signed(), e * 10 + f, g * 10 + h)
}

/// A pattern of dates, and of times where it is one of `date and time`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<Piece>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Year4,
    Year2,
    /// At least and at most so many digits.
    Month(usize, usize),
    MonthName,
    /// Written out.
    WholeMonthName,
    Day(usize, usize),
    Hour,
    Minute,
    Second,
    Byte(u8),
}

/// What a pattern found; times are 0 where it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub day: i32,
    /// Nanoseconds since midnight.
    pub nanos: i64,
    /// Seconds east of UTC, where the text says.
    pub offset: Option<i32>,
}

impl Pattern {
    /// Reads a pattern of `YYYY`, `YY`, `MM`, `M`, `MMM`, `MMMM`, `DD`, `D`, `HH`, `mm`, `SS` and separators; `MM` after an hour
    /// is the minute.
    pub fn new(text: &str) -> Self {
        let (mut pieces, mut rest) = (Vec::new(), text.as_bytes());
        while let Some(&first) = rest.first() {
            let run = rest.iter().take_while(|&&byte| byte == first).count();
            let after_hour = pieces.contains(&Piece::Hour);
            let piece = match (first, run) {
                (b'Y' | b'y', 4) => Piece::Year4,
                (b'Y' | b'y', 2) => Piece::Year2,
                (b'M', 2) | (b'm', 2) if after_hour => Piece::Minute,
                (b'm', 2) => Piece::Minute,
                (b'M', 4) => Piece::WholeMonthName,
                (b'M', 3) => Piece::MonthName,
                (b'M', 2) => Piece::Month(2, 2),
                (b'M', 1) => Piece::Month(1, 2),
                (b'D' | b'd', 2) => Piece::Day(2, 2),
                (b'D' | b'd', 1) => Piece::Day(1, 2),
                (b'H' | b'h', 2) => Piece::Hour,
                (b'S' | b's', 2) => Piece::Second,
                _ => {
                    pieces.extend(std::iter::repeat_n(Piece::Byte(first), run));
                    (_, rest) = rest.split_at(run);
                    continue;
                }
            };
            pieces.push(piece);
            (_, rest) = rest.split_at(run);
        }
        Self(pieces)
    }

    /// What `text` says by this pattern.
    pub fn parse(&self, text: &[u8]) -> Option<Moment> {
        let (mut year, mut month, mut day) = (None, None, None);
        let (mut hour, mut minute, mut second) = (0, 0, 0);
        let mut rest = text;
        for piece in &self.0 {
            match *piece {
                Piece::Year4 => year = Some(digits(&mut rest, 4, 4)?),
                Piece::Year2 => year = Some(2000 + digits(&mut rest, 2, 2)?),
                Piece::Month(least, most) => month = Some(digits(&mut rest, least, most)?),
                Piece::MonthName => month = Some(month_name(&mut rest)?),
                Piece::WholeMonthName => month = Some(whole_month_name(&mut rest)?),
                Piece::Day(least, most) => day = Some(digits(&mut rest, least, most)?),
                Piece::Hour => hour = digits(&mut rest, 2, 2)?,
                Piece::Minute => minute = digits(&mut rest, 2, 2)?,
                Piece::Second => second = digits(&mut rest, 2, 2)?,
                Piece::Byte(byte) => {
                    let (&first, after) = rest.split_first()?;
                    if first != byte {
                        return None;
                    }
                    rest = after;
                }
            }
        }
        if !rest.is_empty() {
            return None;
        }
        let nanos = clock(hour, minute, second, 0)?;
        Some(Moment { day: day_of(year?.cast_signed(), month?, day?)?, nanos, offset: None })
    }
}

/// `2026-02-01T08:26:00.5+02:00`: the `T` may be a blank, seconds, their decimals and the offset may be absent, and so
/// may the time.
pub(crate) fn parse_iso_moment(text: &[u8]) -> Option<Moment> {
    let (day, mut rest) = text.split_at_checked(10)?;
    let day = parse_iso(day)?;
    if rest.is_empty() {
        return Some(Moment { day, nanos: 0, offset: None });
    }
    let (b'T' | b't' | b' ', after) = rest.split_first()? else { return None };
    rest = after;
    let hour = digits(&mut rest, 2, 2)?;
    expect(&mut rest, b':')?;
    let minute = digits(&mut rest, 2, 2)?;
    let (mut second, mut fraction) = (0, 0i64);
    if expect(&mut rest, b':').is_some() {
        second = digits(&mut rest, 2, 2)?;
        if expect(&mut rest, b'.').or_else(|| expect(&mut rest, b',')).is_some() {
            let n = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (decimals, after) = rest.split_at(n);
            rest = after;
            if n == 0 || n > 9 {
                return None;
            }
            let nine = decimals.iter().chain(std::iter::repeat(&b'0')).take(9);
            fraction = nine.fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0'));
        }
    }
    let nanos = clock(hour, minute, second, fraction)?;
    let offset = if rest.is_empty() { None } else { Some(parse_offset(rest)?) };
    Some(Moment { day, nanos, offset })
}

/// `Z`, `+02:00`, `-0530` or `+02`, in seconds.
fn parse_offset(text: &[u8]) -> Option<i32> {
    let (sign, mut rest) = match text {
        b"Z" | b"z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let hours = digits(&mut rest, 2, 2)?;
    let _ = expect(&mut rest, b':');
    let minutes = if rest.is_empty() { 0 } else { digits(&mut rest, 2, 2)? };
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60).cast_signed())
}

fn clock(hour: u32, minute: u32, second: u32, nanos: i64) -> Option<i64> {
    let in_range = hour < 24 && minute < 60 && second < 60;
    in_range.then(|| i64::from(hour * 3600 + minute * 60 + second) * 1_000_000_000 + nanos)
}

fn expect(rest: &mut &[u8], byte: u8) -> Option<()> {
    let (&first, after) = rest.split_first()?;
    (first == byte).then(|| *rest = after)
}

fn digits(rest: &mut &[u8], least: usize, most: usize) -> Option<u32> {
    let n = rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, after) = rest.split_at(n);
    *rest = after;
    (n >= least).then(|| number.iter().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0')))
}

fn whole_month_name(rest: &mut &[u8]) -> Option<u32> {
    const NAMES: [&[u8]; 12] = [
        b"january",
        b"february",
        b"march",
        b"april",
        b"may",
        b"june",
        b"july",
        b"august",
        b"september",
        b"october",
        b"november",
        b"december",
    ];
    let (month, name) = (1..)
        .zip(NAMES)
        .find(|(_, name)| rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))?;
    *rest = rest.get(name.len()..)?;
    Some(month)
}

fn month_name(rest: &mut &[u8]) -> Option<u32> {
    const NAMES: [&[u8]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let (name, after) = rest.split_at_checked(3)?;
    let (_, month) = NAMES.iter().zip(1..).find(|(month, _)| name.eq_ignore_ascii_case(month))?;
    *rest = after;
    Some(month)
}

/// The zone in which the day of an instant is taken.
#[derive(Clone, Debug)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    /// UTC when none is named; `None` if the name is not known.
    pub fn new(name: Option<&str>) -> Option<Self> {
        let Some(name) = name else { return Some(Self(TimeZone::UTC)) };
        if name.eq_ignore_ascii_case("utc") || name == "Z" {
            return Some(Self(TimeZone::UTC));
        }
        if let Some(seconds) = parse_offset(name.as_bytes()) {
            return jiff::tz::Offset::from_seconds(seconds).ok().map(|offset| Self(TimeZone::fixed(offset)));
        }
        TimeZone::get(name).ok().map(Self)
    }

    /// Day and instant (nanoseconds from 1970 in UTC) of what a text said.
    pub fn place(&self, moment: Moment) -> Option<(i32, i128)> {
        let seconds = i64::from(moment.day) * 86_400 + moment.nanos.div_euclid(1_000_000_000);
        let nanos = moment.nanos.rem_euclid(1_000_000_000);
        match moment.offset {
            Some(offset) => self.place_instant(seconds - i64::from(offset), nanos),
            None => {
                let (year, month, day) = date_of(moment.day);
                let date = civil::Date::new(part(year), part(month), part(day)).ok()?;
                let time = moment.nanos / 1_000_000_000;
                let local = date.at(part(time / 3600), part(time / 60 % 60), part(time % 60), 0);
                let instant = self.0.to_timestamp(local).map(jiff::Timestamp::as_second);
                let instant = instant.unwrap_or_else(|_| seconds - self.offset(seconds));
                Some((moment.day, ordinal(instant, nanos)))
            }
        }
    }

    /// Seconds east of UTC at this second. The first and last day of the calendar lie partly outside the instants that
    /// zones know; there the nearest known one tells.
    fn offset(&self, seconds: i64) -> i64 {
        let known = seconds.clamp(jiff::Timestamp::MIN.as_second(), jiff::Timestamp::MAX.as_second());
        let instant = jiff::Timestamp::from_second(known).unwrap_or_default();
        i64::from(self.0.to_offset(instant).seconds())
    }

    /// Day and instant of seconds from 1970 in UTC, and nanoseconds.
    pub fn place_instant(&self, seconds: i64, nanos: i64) -> Option<(i32, i128)> {
        let day = i32::try_from(seconds.checked_add(self.offset(seconds))?.div_euclid(86_400)).ok()?;
        (FIRST_DAY..=LAST_DAY).contains(&day).then(|| (day, ordinal(seconds, nanos)))
    }
}

/// A part of a date or time in the few bits that `jiff` takes.
fn part<P: TryFrom<N>, N>(number: N) -> P {
    P::try_from(number).unwrap_or_else(|_| broken("a part of a date or time that is outside the calendar"))
}

/// Nanoseconds from 1970 in UTC.
fn ordinal(seconds: i64, nanos: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_the_day_of_its_date() {
        for day in FIRST_DAY..=LAST_DAY {
            let (year, month, date) = date_of(day);
            assert_eq!(day_of(year, month, date), Some(day));
        }
        assert_eq!((date_of(FIRST_DAY), date_of(LAST_DAY)), ((1, 1, 1), (9999, 12, 31)));
        assert_eq!(day_of(2026, 2, 29), None);
        assert_eq!(day_of(2000, 2, 29), Some(11_016));
    }

    #[test]
    fn patterns_read_what_they_say_and_nothing_else() {
        let read = |pattern: &str, text: &str| Pattern::new(pattern).parse(text.as_bytes()).map(|moment| moment.day);
        let day = day_of(2026, 2, 1);
        assert_eq!(read("DD-MM-YYYY", "01-02-2026"), day);
        assert_eq!(read("D.M.YY", "1.2.26"), day);
        assert_eq!(read("DD MMM YYYY", "01 Feb 2026"), day);
        assert_eq!(read("MMMM D YYYY", "February 1 2026"), day);
        assert_eq!((read("MMMM D YYYY", "Feb 1 2026"), read("MMM D YYYY", "February 1 2026")), (None, None));
        for (pattern, text) in [("DD-MM-YYYY", "1-2-2026"), ("DD-MM-YYYY", "31-02-2026"), ("DD-MM-YYYY", "01-02-2026 ")]
        {
            assert_eq!(read(pattern, text), None, "{text}");
        }
    }

    #[test]
    fn the_day_of_an_instant_is_taken_in_the_zone() {
        let zone = Zone::new(Some("+02:00")).unwrap();
        let read = |text: &str| zone.place(parse_iso_moment(text.as_bytes()).unwrap()).unwrap();
        assert_eq!(read("2026-01-31T23:30:00Z").0, day_of(2026, 2, 1).unwrap());
        assert_eq!(read("2026-01-31 23:30").0, day_of(2026, 1, 31).unwrap());
        assert_eq!(read("2026-01-31T23:30:00+02:00"), read("2026-01-31T23:30:00"));
        assert_eq!(read("9999-12-31T23:59:59").0, LAST_DAY);
        assert_eq!(read("9999-12-31T10:00:00Z").0, LAST_DAY);
        assert_eq!(read("0001-01-01T00:00:00").0, FIRST_DAY);
    }
}
