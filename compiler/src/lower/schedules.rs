//! Schedules: bands in order, one type for what they are taken of and one for what they pay.

use super::Lowering;
use super::expressions::fold;
use super::scope::{Scope, Typed};
use crate::plan::{Band, BandPays, Beyond, Edge, Expr, Op, Schedule, ScheduleId, Shape, Type};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Bound, FieldTypeKind, Packages, Pays};

impl Lowering<'_> {
    pub(super) fn schedules(&mut self) {
        for declared in &self.resolved.schedules {
            let schedule = &declared.item;
            let before = self.problems.iter().filter(|problem| problem.is_error()).count();
            let lowered = self.schedule(schedule);
            let clean = self.problems.iter().filter(|problem| problem.is_error()).count() == before;
            let id = lowered.filter(|_| clean).map(|lowered| {
                self.plan.schedules.push(lowered);
                ScheduleId(self.plan.schedules.len() as u32 - 1)
            });
            self.schedules.insert(schedule.name.text.clone(), id);
        }
    }

    fn schedule(&mut self, schedule: &tree::Schedule) -> Option<Schedule> {
        let mut scope = Scope::constant();
        for argument in &schedule.arguments {
            let ty = match &argument.ty.kind {
                FieldTypeKind::Count => Type::Count,
                FieldTypeKind::Number(_) => Type::Number,
                FieldTypeKind::Percent => Type::Percent,
                FieldTypeKind::Money(_) => Type::Money,
                _ => {
                    let message = format!("`{}` must be money, a percent, a count or a number", argument.name.text);
                    self.problem(Problem::error("type-mismatch", argument.ty.span, message));
                    return None;
                }
            };
            scope.arguments.push((argument.name.text.clone(), ty));
        }
        if schedule.bands.is_empty() {
            let message = format!("schedule `{}` has no bands", schedule.name.text);
            self.problem(
                Problem::error("schedule-end", schedule.name.span, message)
                    .help("write bands, for example: to $100k 1%  beyond 2%"),
            );
            return None;
        }
        let every = schedule.bands.iter().find(|band| matches!(band.bound, Bound::Every { .. }));
        let curve = schedule.shape.is_some_and(|(shape, _)| shape == tree::Shape::Curve);
        if schedule.shape.is_none() && every.is_none() {
            let end = Span { start: schedule.name.span.end, end: schedule.name.span.end };
            self.problem(
                Problem::error("missing-shape", schedule.name.span, format!("do higher bands of `{}` reach back?", schedule.name.text))
                    .label("say `graduated` (each band pays for its own part) or `retroactive` (the band reached pays for all)")
                    .help("write, for example: graduated")
                    .edit(end, " graduated"),
            );
            return None;
        }
        let (shape, domain, result, rate) = match (every, curve) {
            (Some(band), _) => self.every(schedule, band, &mut scope)?,
            (None, true) => self.curve(schedule, &mut scope)?,
            (None, false) => self.bands(schedule, &mut scope)?,
        };
        Some(Schedule {
            name: schedule.name.text.clone(),
            arguments: scope.arguments.iter().map(|(_, ty)| *ty).collect(),
            domain,
            result,
            rate,
            even_at_zero: schedule.even_at_zero.is_some(),
            mirrored: schedule.mirrored.is_some(),
            shape,
            span: schedule.span,
        })
    }

    fn number(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let typed = fold(self.expression(expr, scope)?);
        if !typed.ty.is_numeric() || typed.text.is_some() {
            let message = format!("a band needs a number, an amount or a percent, not {}", self.type_words(typed.ty));
            self.problem(Problem::error("type-mismatch", expr.span, message));
            return None;
        }
        Some(typed)
    }

    fn every(
        &mut self,
        schedule: &tree::Schedule,
        band: &tree::Band,
        scope: &mut Scope,
    ) -> Option<(Shape, Type, Type, Type)> {
        let (Bound::Every { size, counted }, Pays::Amount { value, plus: None, each: None }) =
            (&band.bound, &band.pays)
        else {
            let message = "an `every` pays one amount for each package";
            self.problem(Problem::error("schedule-form", band.span, message).help("write: every 100 started pays $5"));
            return None;
        };
        if let Some(other) = schedule.bands.iter().find(|other| other.span != band.span) {
            let message = "an `every` stands alone in its schedule";
            self.problem(Problem::error("schedule-form", other.span, message).other(band.span, "the `every`"));
            return None;
        }
        let Some((counted, _)) = counted else {
            let message = "does a package pay when it is begun or when it is full?";
            let end = Span { start: size.span.end, end: size.span.end };
            self.problem(
                Problem::error("missing-packages", band.span, message)
                    .help("write `started` or `completed`")
                    .edit(end, " started"),
            );
            return None;
        };
        let (size, value) = (self.number(size, scope)?, self.number(value, scope)?);
        if let Op::Number(number) = &size.op
            && *number <= Exact::ZERO
        {
            self.problem(Problem::error("bounds-not-rising", size.span, "a package has a size above zero"));
        }
        let (domain, result) = (domain_of(size.ty), value.ty);
        let started = *counted == Packages::Started;
        let shape = Shape::Every { size: Box::new(size.into_expr()), started, pays: Box::new(value.into_expr()) };
        Some((shape, domain, result, result))
    }

    fn curve(&mut self, schedule: &tree::Schedule, scope: &mut Scope) -> Option<(Shape, Type, Type, Type)> {
        let mut below: Option<(Typed, Typed)> = None;
        let mut points: Vec<(Typed, Typed)> = Vec::new();
        let mut beyond: Option<Beyond> = None;
        let mut result: Option<Type> = None;
        for (idx, band) in schedule.bands.iter().enumerate() {
            let height = match &band.pays {
                Pays::Amount { value, each: None, plus: None } => Some(self.number(value, scope)?),
                Pays::Amount { .. } => {
                    let message = "a point of a curve has one height";
                    self.problem(Problem::error("schedule-form", band.span, message).help("write: at 100% pays 100%"));
                    return None;
                }
                Pays::None(_) | Pays::Flat(_) => None,
            };
            if let Some(height) = &height
                && !self.agree(&mut result, height)
            {
                return None;
            }
            match (&band.bound, height) {
                (Bound::Below(bound) | Bound::To(bound), Some(height)) if idx == 0 => {
                    below = Some((self.number(bound, scope)?, height))
                }
                (Bound::At(at), Some(height)) => points.push((self.number(at, scope)?, height)),
                (Bound::Beyond, height) if idx + 1 == schedule.bands.len() => {
                    beyond = Some(match (height, &band.pays) {
                        (Some(height), _) => Beyond::Value(Box::new(height.into_expr())),
                        (None, Pays::None(_)) => Beyond::None,
                        (None, _) => Beyond::Flat,
                    });
                }
                _ => {
                    let message = "a curve is one `below`, then points `at X pays Y`, then `beyond`";
                    let help = "write: below 80% 0%  at 80% pays 50%  at 100% pays 100%  beyond flat";
                    self.problem(Problem::error("schedule-form", band.span, message).help(help));
                    return None;
                }
            }
        }
        let (Some((first, below)), Some(beyond), false) = (below, beyond, points.is_empty()) else {
            let message =
                format!("curve `{}` needs a `below`, at least one `at X pays Y` and a `beyond`", schedule.name.text);
            let help = "write: below 80% 0%  at 80% pays 50%  at 100% pays 100%  beyond flat";
            self.problem(Problem::error("schedule-end", schedule.name.span, message).help(help));
            return None;
        };
        let mut domain = None;
        for bound in std::iter::once(&first).chain(points.iter().map(|(at, _)| at)) {
            if !self.agree(&mut domain, bound) {
                return None;
            }
        }
        if let (Op::Number(first_at), Op::Number(point)) = (&first.op, &points[0].0.op)
            && first_at != point
        {
            let message = "what holds between these two?";
            self.problem(
                Problem::error("schedule-gap", points[0].0.span, message)
                    .other(first.span, "the part below ends here")
                    .help("let the first point stand where the part below ends"),
            );
        }
        self.rising(&points.iter().map(|(at, _)| at.clone()).collect::<Vec<_>>());
        let result = result.unwrap_or(Type::Percent);
        let points = points.into_iter().map(|(at, height)| (at.into_expr(), height.into_expr())).collect();
        let shape = Shape::Curve { below: Box::new(below.into_expr()), points, beyond };
        Some((shape, domain_of(domain.unwrap_or(Type::Percent)), result, result))
    }

    /// One type for all; zero without a unit goes with any.
    fn agree(&mut self, ty: &mut Option<Type>, value: &Typed) -> bool {
        let is_zero = matches!(&value.op, Op::Number(number) if *number == Exact::ZERO);
        match *ty {
            None => *ty = Some(value.ty),
            Some(known) if known == value.ty || (value.literal && is_zero) => {}
            Some(Type::Count | Type::Number) if matches!(value.ty, Type::Count | Type::Number) => {
                *ty = Some(Type::Number)
            }
            Some(known) => {
                let message =
                    format!("here stands {}, before it {}", self.type_words(value.ty), self.type_words(known));
                self.problem(
                    Problem::error("schedule-mixed", value.span, message)
                        .help("the bands of one schedule are of one kind"),
                );
                return false;
            }
        }
        true
    }

    fn rising(&mut self, bounds: &[Typed]) {
        for pair in bounds.windows(2) {
            if let (Op::Number(low), Op::Number(high)) = (&pair[0].op, &pair[1].op)
                && high <= low
            {
                self.problem(
                    Problem::error("bounds-not-rising", pair[1].span, "bounds rise from band to band")
                        .label("not above the one before")
                        .other(pair[0].span, "the one before")
                        .help("put the bands in order, each bound once"),
                );
            }
        }
        if let Some(Typed { op: Op::Number(first), span, .. }) = bounds.first()
            && *first < Exact::ZERO
        {
            let help = "below zero a schedule pays 0, or say `mirrored`";
            self.problem(Problem::error("bounds-not-rising", *span, "bounds do not lie below zero").help(help));
        }
    }

    fn bands(&mut self, schedule: &tree::Schedule, scope: &mut Scope) -> Option<(Shape, Type, Type, Type)> {
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
                    self.problem(Problem::error("schedule-end", band.span, "`beyond` is the last band"));
                    return None;
                }
                _ => {
                    let message = "bands end with `to` or `below`, or all begin with `from`";
                    self.problem(
                        Problem::error("schedule-form", band.span, message)
                            .other(schedule.bands[0].span, "the first band says which"),
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
                    self.problem(Problem::error("schedule-form", *span, "`flat` follows `beyond`"));
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
                let message = format!("missing `%`: a rate of {text} would pay {text} times the whole");
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

/// Counts and numbers are one kind of quantity.
fn domain_of(ty: Type) -> Type {
    if ty == Type::Count { Type::Number } else { ty }
}
