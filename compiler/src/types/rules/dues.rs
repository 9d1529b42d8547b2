//! `, due D` and `in N parts per P`: when what a rule pays is due.

use crate::plan::{Installments, Period, Type};
use crate::typed::{self, When};
use crate::types::Typing;
use crate::types::rules::Work;
use crate::types::scope::Scope;
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, UnknownMeans};

impl Typing<'_> {
    /// `, due D`
    pub(super) fn due(
        &mut self,
        day: &tree::Expr,
        unknown: Option<&UnknownMeans>,
        span: Span,
        scope: &mut Scope,
        work: &mut Work,
    ) {
        let Some(day) = self.valued(day, unknown, Some(Type::Date), scope) else { return };
        if day.ty != Type::Date {
            let message = format!("a payment is due on a date, not on {}", self.type_words(day.ty));
            let help = "write a day, such as: due 90 days after closed_on";
            return self.problem(Problem::error("type-mismatch", day.span, message).help(help));
        }
        if day.optional {
            return self.unknown_above(&day, "the day on which it is due");
        }
        self.flush(scope, work);
        self.said_when(When::Due(day, span), work);
    }

    /// `in N parts per P`
    pub(super) fn in_parts(
        &mut self,
        number: Option<u32>,
        number_span: Span,
        per: &tree::Name,
        span: Span,
        work: &mut Work,
    ) {
        let Some(number) = number.filter(|number| (1..=limits::PARTS).contains(number)) else {
            let message = format!("an amount is paid in 1 to {} parts", limits::PARTS);
            let help = "write a whole number: in 4 parts per quarter";
            return self.problem(Problem::error("over-limit", number_span, message).help(help));
        };
        let Some(period) = self.period_of(per) else { return };
        if period == Period::Program {
            let message = "the program has no next one in which a part could be due";
            let help = "write a shorter period: in 4 parts per quarter";
            return self.problem(Problem::error("unknown-period", per.span, message).help(help));
        }
        self.said_when(When::InParts(Installments { number, period }, span), work);
    }

    /// What is said of the payment above.
    fn said_when(&mut self, when: When, work: &mut Work) {
        let pay = work.clauses.iter_mut().find_map(|clause| match clause {
            typed::Clause::Pay(pay) => Some(pay),
            _ => None,
        });
        // A payment with a problem of its own has said it.
        if let Some(pay) = pay {
            pay.when = when;
        }
    }

    /// What is held says itself when it is due.
    pub(super) fn held_and_due(&mut self, hold: Span, pay: Option<Span>) -> Option<()> {
        let Some(due) = pay else { return Some(()) };
        let message = "what is held is due when its account comes to enough";
        self.problem(
            Problem::error("two-dues", due, message)
                .label("this says another day")
                .other(hold, "held here")
                .help("remove one of them"),
        );
        None
    }
}
