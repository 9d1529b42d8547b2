//! Bands: where each ends, and what it pays.

use crate::plan::{Expr, Function, Op, Type, UnitId};
use crate::typed::{Band, BandPays, Edge, Shape};
use crate::types::Typing;
use crate::types::expressions::fold;
use crate::types::schedules::domain_of;
use crate::types::scope::{Scope, Typed};
use crate::value::{Exact, exact_text};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Bound, Pays};

impl Typing<'_> {
    pub(super) fn bands(&mut self, schedule: &tree::Schedule, scope: &mut Scope) -> Option<(Shape, Type, Type, Type)> {
        let mut domain = None;
        let mut bounds = Vec::new();
        let mut kinds = Kinds::default();
        let mut pays = Vec::new();
        for band in &schedule.bands {
            if let Some(bound) = self.bound(schedule, band)? {
                let bound = self.number(bound, scope)?;
                if !self.agree(&mut domain, &bound) {
                    return None;
                }
                bounds.push(bound);
            }
            pays.push(self.band_pays(band, &mut kinds, scope)?);
        }
        self.has_end(schedule)?;
        self.rising(&bounds);
        let domain = domain_of(domain.unwrap_or(if kinds.price { Type::Number } else { kinds.amount() }));
        let result = self.result(&kinds, domain, schedule)?;
        let rate = if kinds.price { kinds.amount() } else { Type::Percent };
        let bands = placed(schedule, &bounds, pays);
        let graduated = schedule.shape.is_some_and(|(shape, _)| shape == tree::Shape::Graduated);
        let shape = if graduated { Shape::Graduated(bands) } else { Shape::Retroactive(flat_ends(bands)) };
        Some((shape, domain, result, rate))
    }

    /// Where a band ends or begins; none for the last, which goes on. The outer none is a form that does not fit.
    fn bound<'e>(&mut self, schedule: &tree::Schedule, band: &'e tree::Band) -> Option<Option<&'e tree::Expr>> {
        let last = schedule.bands.last().is_some_and(|last| last.span == band.span);
        match (&band.bound, is_sheet(schedule)) {
            (Bound::To(bound) | Bound::Below(bound), false) | (Bound::From(bound), true) => return Some(Some(bound)),
            (Bound::Beyond, false) if last => return Some(None),
            (Bound::Beyond, false) => self.problem(
                Problem::error("schedule-end", band.span, "`beyond` is the last band").help("move it after all others"),
            ),
            _ => {
                let message = "bands end with `to` or `below`, or all begin with `from`";
                self.problem(
                    Problem::error("schedule-form", band.span, message)
                        .other(schedule.bands[0].span, "the first band says which")
                        .help("write every band like the first"),
                );
            }
        }
        None
    }

    fn has_end(&mut self, schedule: &tree::Schedule) -> Option<()> {
        let last = schedule.bands.last()?;
        if is_sheet(schedule) || matches!(last.bound, Bound::Beyond) {
            return Some(());
        }
        let end = Span { start: last.span.end, end: last.span.end };
        let message = format!("what does `{}` pay above its last band?", schedule.name.text);
        self.problem(
            Problem::error("schedule-end", last.span, message)
                .label("the schedule ends here")
                .help("end it with `beyond` and a rate, `beyond flat` or `beyond none`")
                .choice(end, "   beyond flat")
                .choice(end, "   beyond none"),
        );
        None
    }

    /// What F gives: a share of money is money, a share of a number a number; prices and amounts are money.
    fn result(&mut self, kinds: &Kinds, domain: Type, schedule: &tree::Schedule) -> Option<Type> {
        let money = kinds.price || kinds.flat;
        let name = &schedule.name;
        if kinds.price && domain == kinds.amount() {
            let message = format!("the bounds of `{}` are amounts, and its bands pay a price for each unit", name.text);
            self.problem(
                Problem::error("schedule-mixed", name.span, message)
                    .help("write the bounds as numbers of units, or pay a percent"),
            );
            return None;
        }
        if kinds.share && money && domain != kinds.amount() {
            let words = self.type_words(domain);
            let message = format!("some bands of `{}` pay money and others a share of {words}", name.text);
            self.problem(
                Problem::error("schedule-mixed", name.span, message)
                    .help("pay a price per unit (`$1 each`) or amounts throughout"),
            );
            return None;
        }
        Some(if money { kinds.amount() } else { domain })
    }

    fn band_pays(&mut self, band: &tree::Band, kinds: &mut Kinds, scope: &mut Scope) -> Option<BandPays> {
        let (value, each, plus) = match &band.pays {
            Pays::None(_) => return Some(BandPays::None),
            Pays::Flat(span) => {
                if !matches!(band.bound, Bound::Beyond) {
                    self.problem(
                        Problem::error("schedule-form", *span, "`flat` follows `beyond`")
                            .help("write `none`, or what this band pays"),
                    );
                }
                return Some(BandPays::Amount { rate: None, flat: None });
            }
            Pays::Amount { value, each, plus } => (value, *each, plus),
        };
        let value = self.number(value, scope)?;
        let (rate, mut flat) = self.rate_or_amount(value, each, kinds)?;
        if let Some(plus) = plus {
            let plus = self.number(plus, scope)?;
            if !plus.ty.is_money() || flat.is_some() {
                self.problem(
                    Problem::error("schedule-form", plus.span, "`plus` adds one amount to a rate or a price")
                        .help("write: to $1,000 1% plus $200"),
                );
                return None;
            }
            self.one_unit(kinds, &plus)?;
            kinds.flat = true;
            flat = Some(plus.into_expr());
        }
        Some(BandPays::Amount { rate, flat })
    }

    /// A percent and a price are rates, money alone is one amount.
    fn rate_or_amount(
        &mut self,
        value: Typed,
        each: Option<Span>,
        kinds: &mut Kinds,
    ) -> Option<(Option<Expr>, Option<Expr>)> {
        let zero = matches!(&value.op, Op::Number(number) if *number == Exact::ZERO);
        self.one_unit(kinds, &value)?;
        match (value.ty, each) {
            (Type::Percent, None) => {
                kinds.share |= !zero;
                return Some((Some(value.into_expr()), None));
            }
            (Type::Money(_), Some(_)) => {
                kinds.price = true;
                return Some((Some(value.into_expr()), None));
            }
            (Type::Money(_), None) => {
                kinds.flat = true;
                return Some((None, Some(value.into_expr())));
            }
            (Type::Number | Type::Count, None) if zero => return Some((Some(value.into_expr()), None)),
            (Type::Number | Type::Count, None) if value.literal => self.no_percent_sign(&value),
            (Type::Percent, Some(span)) => self.problem(
                Problem::error("schedule-form", span, "`each` follows a price, not a percent")
                    .help("remove `each`, or write a price such as $1"),
            ),
            (ty, _) => {
                let words = self.type_words(ty);
                let message = format!("a band pays a percent, a price per unit or an amount, not {words}");
                self.problem(Problem::error("type-mismatch", value.span, message));
            }
        }
        None
    }

    /// All amounts of a schedule are of one unit.
    fn one_unit(&mut self, kinds: &mut Kinds, value: &Typed) -> Option<()> {
        let Some(unit) = value.ty.unit() else { return Some(()) };
        if unit == *kinds.unit.get_or_insert(unit) {
            return Some(());
        }
        let (words, before) = (self.type_words(value.ty), self.type_words(kinds.amount()));
        let message =
            format!("the bands of one schedule pay one unit: this is {words}, and another band pays {before}");
        self.problem(Problem::error("schedule-mixed", value.span, message).help("make it two schedules"));
        None
    }

    fn no_percent_sign(&mut self, value: &Typed) {
        let Op::Number(number) = &value.op else {
            let message = "missing `%`, or the sign of the currency";
            return self.problem(Problem::error("missing-percent", value.span, message).help("write `1%`"));
        };
        let (text, money) = (exact_text(number), self.money_text(number));
        let share = if text == "1" { "the whole again".to_owned() } else { format!("{text} times the whole") };
        // A fraction is a share of the same worth; a larger number is more likely the percent itself.
        let is_fraction = *number < Exact::ONE;
        let percent = if is_fraction {
            format!("{}%", exact_text(&(number.clone() * Exact::from(100))))
        } else {
            format!("{text}%")
        };
        let message = format!("missing `%`: a rate of {text} would pay {share}");
        let help = format!("write `{percent}`, an amount such as `{money}`, or a price such as `{money} each`");
        self.problem(
            Problem::error("missing-percent", value.span, message)
                .help(help)
                .choice(value.span, percent)
                .choice(value.span, &*money)
                .choice(value.span, format!("{money} each")),
        );
    }
}

/// Whether its bands say where they begin, as printed sheets do.
fn is_sheet(schedule: &tree::Schedule) -> bool {
    schedule.bands.first().is_some_and(|band| matches!(band.bound, Bound::From(_)))
}

/// The bands with their ends. What lies below the first `from` is a band of its own that pays nothing.
fn placed(schedule: &tree::Schedule, bounds: &[Typed], pays: Vec<BandPays>) -> Vec<Band> {
    let sheet = is_sheet(schedule);
    let edge = |bound: &Typed, included: bool| Edge { value: bound.clone().into_expr(), included };
    let mut bands = Vec::new();
    let from_zero =
        bounds.first().is_some_and(|first| matches!(&first.op, Op::Number(number) if *number == Exact::ZERO));
    if sheet && !from_zero {
        let nothing = BandPays::Amount { rate: None, flat: None };
        let upper = bounds.first().map(|first| edge(first, false));
        bands.push(Band { number: 0, upper, pays: nothing, span: schedule.bands[0].span });
    }
    for (idx, (band, pays)) in schedule.bands.iter().zip(pays).enumerate() {
        let upper = if sheet {
            bounds.get(idx + 1).map(|bound| edge(bound, false))
        } else {
            bounds.get(idx).map(|bound| edge(bound, matches!(band.bound, Bound::To(_))))
        };
        bands.push(Band { number: idx as u32 + 1, upper, pays, span: band.span });
    }
    bands
}

/// What the bands of a schedule pay.
#[derive(Default)]
struct Kinds {
    share: bool,
    price: bool,
    flat: bool,
    /// Of its amounts.
    unit: Option<UnitId>,
}

impl Kinds {
    /// The type of what its bands pay where they pay amounts.
    fn amount(&self) -> Type {
        Type::Money(self.unit.unwrap_or(UnitId::CURRENCY))
    }
}

/// In a retroactive schedule `beyond flat` keeps what the band before pays at its end.
fn flat_ends(mut bands: Vec<Band>) -> Vec<Band> {
    let n_bands = bands.len();
    if n_bands < 2 {
        return bands;
    }
    let (before, last) = bands.split_at_mut(n_bands - 1);
    let before = &before[n_bands - 2];
    if let (
        BandPays::Amount { rate: None, flat },
        Some(edge),
        BandPays::Amount { rate: rate_before, flat: flat_before },
    ) = (&mut last[0].pays, &before.upper, &before.pays)
        && flat.is_none()
    {
        let span = last[0].span;
        let make = |op, ty| Expr { op, ty, optional: false, span };
        let height = rate_before
            .as_ref()
            .map(|rate| make(Op::two(Function::Multiply, rate.clone(), edge.value.clone()), edge.value.ty));
        *flat = match (height, flat_before.clone()) {
            (Some(height), Some(flat)) => {
                let ty = flat.ty;
                Some(make(Op::two(Function::Add, height, flat), ty))
            }
            (height, flat) => height.or(flat),
        }
        .map(|flat| fold(Typed::from_expr(flat)).into_expr());
    }
    bands
}
