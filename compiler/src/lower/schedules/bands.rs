//! Bands: where each ends, and what it pays.

use crate::lower::Lowering;
use crate::lower::expressions::fold;
use crate::lower::schedules::domain_of;
use crate::lower::scope::{Scope, Typed};
use crate::plan::{Band, BandPays, Edge, Expr, Op, Shape, Type};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Bound, Pays};

impl Lowering<'_> {
    pub(super) fn bands(&mut self, schedule: &tree::Schedule, scope: &mut Scope) -> Option<(Shape, Type, Type, Type)> {
        let sheet = matches!(schedule.bands[0].bound, Bound::From(_));
        let n_bands = schedule.bands.len();
        let mut domain = None;
        let mut bounds = Vec::new();
        let mut kinds = Kinds::default();
        let mut pays = Vec::new();
        for (idx, band) in schedule.bands.iter().enumerate() {
            let bound = match (&band.bound, sheet) {
                (Bound::To(bound) | Bound::Below(bound), false) | (Bound::From(bound), true) => {
                    Some(self.number(bound, scope)?)
                }
                (Bound::Beyond, false) if idx + 1 == n_bands => None,
                (Bound::Beyond, false) => {
                    self.problem(
                        Problem::error("schedule-end", band.span, "`beyond` is the last band")
                            .help("move it behind all others"),
                    );
                    return None;
                }
                _ => {
                    let message = "bands end with `to` or `below`, or all begin with `from`";
                    self.problem(
                        Problem::error("schedule-form", band.span, message)
                            .other(schedule.bands[0].span, "the first band says which")
                            .help("write every band like the first"),
                    );
                    return None;
                }
            };
            if let Some(bound) = bound {
                if !self.agree(&mut domain, &bound) {
                    return None;
                }
                bounds.push(bound);
            }
            let lowered = self.band_pays(band, &mut kinds, scope)?;
            pays.push(lowered);
        }
        if !sheet && !matches!(schedule.bands[n_bands - 1].bound, Bound::Beyond) {
            let last = &schedule.bands[n_bands - 1];
            let end = Span { start: last.span.end, end: last.span.end };
            self.problem(
                Problem::error(
                    "schedule-end",
                    last.span,
                    format!("what does `{}` pay above its last band?", schedule.name.text),
                )
                .label("the schedule ends here")
                .help("end it with `beyond` and a rate, `beyond flat` or `beyond none`")
                .edit(end, "   beyond flat"),
            );
            return None;
        }
        self.rising(&bounds);
        let domain = domain_of(domain.unwrap_or(if kinds.price { Type::Number } else { Type::Money }));
        let result = kinds.result(domain);
        let Some(result) = result else {
            let message = format!(
                "some bands of `{}` pay money and others a share of {}",
                schedule.name.text,
                self.type_words(domain)
            );
            self.problem(
                Problem::error("schedule-mixed", schedule.name.span, message)
                    .help("pay a price per unit (`$1 each`) or amounts throughout"),
            );
            return None;
        };
        let rate = if kinds.price { Type::Money } else { Type::Percent };
        let graduated = schedule.shape.is_some_and(|(shape, _)| shape == tree::Shape::Graduated);
        let edge = |bound: &Typed, included: bool| Edge { value: bound.clone().into_expr(), included };
        let mut bands = Vec::new();
        if sheet {
            let nothing = BandPays::Amount { rate: None, flat: None };
            let zero = matches!(&bounds[0].op, Op::Number(number) if *number == Exact::ZERO);
            if !zero {
                bands.push(Band {
                    number: 0,
                    upper: Some(edge(&bounds[0], false)),
                    pays: nothing,
                    span: schedule.bands[0].span,
                });
            }
        }
        for (idx, (band, pays)) in schedule.bands.iter().zip(pays).enumerate() {
            let upper = if sheet {
                bounds.get(idx + 1).map(|bound| edge(bound, false))
            } else {
                bounds.get(idx).map(|bound| edge(bound, matches!(band.bound, Bound::To(_))))
            };
            bands.push(Band { number: idx as u32 + 1, upper, pays, span: band.span });
        }
        let shape = if graduated { Shape::Graduated(bands) } else { Shape::Retroactive(flat_ends(bands)) };
        Some((shape, domain, result, rate))
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
            Pays::Amount { value, each, plus } => (value, each, plus),
        };
        let value = self.number(value, scope)?;
        let zero = matches!(&value.op, Op::Number(number) if *number == Exact::ZERO);
        let (mut rate, mut flat): (Option<Expr>, Option<Expr>) = (None, None);
        match (value.ty, each) {
            (Type::Percent, None) => {
                kinds.share |= !zero;
                rate = Some(value.into_expr());
            }
            (Type::Money, Some(_)) => {
                kinds.price = true;
                rate = Some(value.into_expr());
            }
            (Type::Money, None) => {
                kinds.flat = true;
                flat = Some(value.into_expr());
            }
            (Type::Percent, Some(span)) => {
                self.problem(
                    Problem::error("schedule-form", *span, "`each` follows a price, not a percent")
                        .help("take `each` out, or write a price such as $1"),
                );
                return None;
            }
            (Type::Number | Type::Count, None) if value.literal && !zero => {
                let text = match &value.op {
                    Op::Number(number) => crate::value::exact_text(number),
                    _ => "1".to_owned(),
                };
                let share = if text == "1" { "the whole again".to_owned() } else { format!("{text} times the whole") };
                let message = format!("missing `%`: a rate of {text} would pay {share}");
                self.problem(
                    Problem::error("missing-percent", value.span, message)
                        .help(format!(
                            "write `{text}%`, an amount such as `${text}`, or a price such as `${text} each`"
                        ))
                        .edit(value.span, format!("{text}%")),
                );
                return None;
            }
            (Type::Number | Type::Count, None) if zero => rate = Some(value.into_expr()),
            (ty, _) => {
                let message =
                    format!("a band pays a percent, a price per unit or an amount, not {}", self.type_words(ty));
                self.problem(Problem::error("type-mismatch", value.span, message));
                return None;
            }
        }
        if let Some(plus) = plus {
            let plus = self.number(plus, scope)?;
            if plus.ty != Type::Money || flat.is_some() {
                self.problem(
                    Problem::error("schedule-form", plus.span, "`plus` adds one amount to a rate or a price")
                        .help("write: to $1,000 1% plus $200"),
                );
                return None;
            }
            kinds.flat = true;
            flat = Some(plus.into_expr());
        }
        Some(BandPays::Amount { rate, flat })
    }
}

/// What the bands of a schedule pay.
#[derive(Default)]
struct Kinds {
    share: bool,
    price: bool,
    flat: bool,
}

impl Kinds {
    /// The type of F: a share of money is money, a share of a number a number; prices and amounts are money.
    fn result(&self, domain: Type) -> Option<Type> {
        match (self.share, self.price || self.flat) {
            (true, true) => (domain == Type::Money).then_some(Type::Money),
            (true, false) => Some(domain),
            (false, true) => Some(Type::Money),
            (false, false) => Some(domain),
        }
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
            .map(|rate| make(Op::Multiply(Box::new(rate.clone()), Box::new(edge.value.clone())), edge.value.ty));
        *flat = match (height, flat_before.clone()) {
            (Some(height), Some(flat)) => {
                let ty = flat.ty;
                Some(make(Op::Add(Box::new(height), Box::new(flat)), ty))
            }
            (height, flat) => height.or(flat),
        }
        .map(|flat| fold(Typed::from_expr(flat)).into_expr());
    }
    bands
}
