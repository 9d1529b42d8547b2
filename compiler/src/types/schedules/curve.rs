//! Curves: straight lines between points.

use crate::plan::{Op, Type};
use crate::typed::{Beyond, Shape};
use crate::types::Typing;
use crate::types::schedules::domain_of;
use crate::types::scope::{Scope, Typed};
use meed_grammar::problem::Problem;
use meed_grammar::tree::{self, Bound, Pays};

/// How a curve is written.
const FORM: &str = "write: below 80% 0%  at 80% pays 50%  at 100% pays 100%  beyond flat";

/// A curve while its bands are read: bounds with heights, and what follows the last.
#[derive(Default)]
struct Curve {
    below: Option<(Typed, Typed)>,
    points: Vec<(Typed, Typed)>,
    beyond: Option<Beyond>,
    /// The type of its heights.
    result: Option<Type>,
}

impl Typing<'_> {
    pub(super) fn curve(&mut self, schedule: &tree::Schedule, scope: &mut Scope) -> Option<(Shape, Type, Type, Type)> {
        let mut curve = Curve::default();
        for band in &schedule.bands {
            self.point(schedule, band, &mut curve, scope)?;
        }
        let Curve { below: Some((first, below)), points, beyond: Some(beyond), result } = curve else {
            return self.unfinished(schedule);
        };
        if points.is_empty() {
            return self.unfinished(schedule);
        }
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
                    .help("put the first point where the part below ends"),
            );
        }
        self.rising(&points.iter().map(|(at, _)| at.clone()).collect::<Vec<_>>());
        // A line between two counts has points that are no counts.
        let result = domain_of(result.unwrap_or(Type::Percent));
        let points = points.into_iter().map(|(at, height)| (at.into_expr(), height.into_expr())).collect();
        let shape = Shape::Curve { below: Box::new(below.into_expr()), points, beyond };
        Some((shape, domain_of(domain.unwrap_or(Type::Percent)), result, result))
    }

    /// One band of a curve: what holds below, a point, or what follows the last.
    fn point(
        &mut self,
        schedule: &tree::Schedule,
        band: &tree::Band,
        curve: &mut Curve,
        scope: &mut Scope,
    ) -> Option<()> {
        let is = |other: Option<&tree::Band>| other.is_some_and(|other| other.span == band.span);
        let (first, last) = (is(schedule.bands.first()), is(schedule.bands.last()));
        let height = self.height(band, curve, scope)?;
        match (&band.bound, height) {
            (Bound::Below(bound) | Bound::To(bound), Some(height)) if first => {
                curve.below = Some((self.number(bound, scope)?, height));
            }
            (Bound::At(at), Some(height)) => curve.points.push((self.number(at, scope)?, height)),
            (Bound::Beyond, height) if last => {
                curve.beyond = Some(match (height, &band.pays) {
                    (Some(height), _) => Beyond::Value(Box::new(height.into_expr())),
                    (None, Pays::None(_)) => Beyond::None,
                    (None, _) => Beyond::Flat,
                });
            }
            _ => {
                let message = "a curve is one `below`, then points `at X pays Y`, then `beyond`";
                self.problem(Problem::error("schedule-form", band.span, message).help(FORM));
                return None;
            }
        }
        Some(())
    }

    /// The height that a band gives, if it gives one; all heights are of one kind.
    fn height(&mut self, band: &tree::Band, curve: &mut Curve, scope: &mut Scope) -> Option<Option<Typed>> {
        match &band.pays {
            Pays::Amount { value, each: None, plus: None } => {
                let height = self.number(value, scope)?;
                self.agree(&mut curve.result, &height).then_some(Some(height))
            }
            Pays::Amount { .. } => {
                let message = "a point of a curve has one height";
                self.problem(Problem::error("schedule-form", band.span, message).help("write: at 100% pays 100%"));
                None
            }
            Pays::None(_) | Pays::Flat(_) => Some(None),
        }
    }

    fn unfinished<T>(&mut self, schedule: &tree::Schedule) -> Option<T> {
        let name = &schedule.name;
        let message = format!("curve `{}` needs a `below`, at least one `at X pays Y` and a `beyond`", name.text);
        self.problem(Problem::error("schedule-end", name.span, message).help(FORM));
        None
    }
}
