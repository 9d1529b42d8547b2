//! The words of the Plan's text that both directions share.

use crate::plan::TextEncoding;
use crate::plan::calendar::{MonthEnds, NamedBy};
use crate::plan::{Comparison, PercentFormat, Period, Reach, RecordKind, Root, ScheduleOutput, Side, Ties};
use crate::value::RoundingMode;

/// A thing that has one word.
pub(super) trait Word: Copy + PartialEq + 'static {
    /// Everything of this kind, with its word.
    const WORDS: &'static [(Self, &'static str)];

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(known, _)| *known == self).map_or("", |(_, word)| word)
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(thing, _)| *thing)
    }
}

macro_rules! words {
    ($($ty:ident { $($variant:ident $word:literal)* })*) => {$(
        impl Word for $ty {
            const WORDS: &'static [(Self, &'static str)] = &[$(($ty::$variant, $word)),*];
        }
    )*};
}

words! {
    RecordKind { Entity "entity" Event "event" }
    Period {
        Day "day" Week "week" HalfMonth "half-month" OwnYear "year-of-its-own"
        Month "month" Quarter "quarter" Half "half" Year "year" Program "program"
    }
    Ties { SharePrizes "share" ToTheEarliest "earliest" KeepRank "keep" }
    NamedBy { Start "start" End "end" }
    MonthEnds { RoundDown "down" RoundUp "up" }
    PercentFormat { No "number" Sign "sign" Hundredths "hundredths" Share "share" }
    Root { Row "row" Payee "payee" Source "source" }
    Side { Before "before" After "after" Current "current" }
    ScheduleOutput { Amount "amount" Rate "rate" Band "band" }
    Comparison { Equal "=" NotEqual "!=" Less "<" LessOrEqual "<=" Greater ">" GreaterOrEqual ">=" }
    TextEncoding { Utf8 "utf-8" Windows1252 "windows-1252" Utf16 "utf-16" }
    Reach { Above "above" Whole "whole" }
    RoundingMode {
        HalfEven "half-even" HalfOdd "half-odd"
        HalfAwayFromZero "half-away-from-zero" HalfTowardZero "half-toward-zero"
        HalfUpward "half-upward" HalfDownward "half-downward"
        AwayFromZero "away-from-zero" TowardZero "toward-zero" Upward "upward" Downward "downward"
    }
}
