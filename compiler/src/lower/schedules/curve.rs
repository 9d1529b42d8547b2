//! Curves: straight lines between points.

use crate::lower::Lowering;
use crate::lower::schedules::domain_of;
use crate::lower::scope::{Scope, Typed};
use crate::plan::{Beyond, Op, Shape, Type};
use meed_grammar::problem::Problem;
use meed_grammar::tree::{self, Bound, Pays};

impl Lowering<'_> {
    pub(super) fn curve(&mut self, schedule: &tree::Schedule, scope: &mut Scope) -> Option<(Shape, Type, Type, Type)> {
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
}
