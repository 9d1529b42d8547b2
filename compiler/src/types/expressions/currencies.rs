//! Amounts in other currencies: `money in currency`, which is converted before anything is done with it.

use crate::plan::{
    Edge, Expr, FieldId, FindFunction, Function, Op, Period, RecordId, Root, Search, SearchOutput, Stream, TextTest,
    Type,
};
use crate::resolve::later;
use crate::types::Typing;
use crate::types::expressions::{literals, unbracketed};
use crate::types::scope::{Scope, Typed};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind, RateDay};

impl Typing<'_> {
    /// The fields that name the currencies of amounts.
    pub(in crate::types) fn currencies(&mut self) {
        let fields: Vec<_> = self.foreign.iter().map(|((id, field), name)| (*id, *field, name.clone())).collect();
        for (id, field, name) in fields {
            let amount = self.program.record(id).fields[field.index()].name.clone();
            let Some(currency) = self.field_of(id, &name.text) else {
                if self.failed_fields.insert((id, amount.clone())) {
                    let record = &self.program.record(id).name;
                    let message =
                        format!("`{record}` has no field `{}` that names the currency of `{amount}`", name.text);
                    let help = format!("add one: {} text", name.text);
                    self.problem(Problem::error("unknown-name", name.span, message).help(help));
                }
                continue;
            };
            let ty = self.program.record(id).fields[currency.index()].ty;
            if !matches!(ty, Type::Text(_) | Type::Id(_)) {
                let message = format!("`{}` is {}, and a currency is a text like EUR", name.text, self.type_words(ty));
                self.problem(Problem::error("type-mismatch", name.span, message).help("declare it as text"));
            }
        }
    }

    /// Whether a field is an amount of another currency that is not converted here, which is said.
    pub(super) fn is_unconverted(&mut self, record: RecordId, field: FieldId, span: Span) -> bool {
        let Some(currency) = self.foreign.get(&(record, field)).filter(|_| !self.converting) else { return false };
        let (currency, written) = (currency.text.clone(), self.in_one_line(span));
        let code = self.program.unit.code.clone();
        let message = format!("`{written}` is in the currency that `{currency}` names");
        self.problem(
            Problem::error("currency-mismatch", span, message)
                .label("an amount of many currencies")
                .help(format!("convert it by the rate of a day: ({written} in {code} at closed_on)")),
        );
        true
    }

    /// `amount in USD at closed_on`
    pub(super) fn in_currency(
        &mut self,
        value: &tree::Expr,
        currency: &tree::Name,
        at: Option<&RateDay>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        if !matches!(unbracketed(value).kind, ExprKind::Path(_)) {
            let message = "only a field of the type `money in …` is converted";
            self.problem(
                Problem::error("currency-mismatch", value.span, message).help("convert each field of its own"),
            );
            return None;
        }
        let outside = std::mem::replace(&mut self.converting, true);
        let amount = self.expression(value, scope);
        self.converting = outside;
        let amount = amount?;
        let Op::Field { root, record, path } = amount.op.clone() else {
            self.problem(later(value.span, "an amount of another row than the set's in another currency is"));
            return None;
        };
        let (last, before) = path.split_last()?;
        let owner = before.iter().fold(record, |at, field| match self.program.record(at).fields[field.index()].ty {
            Type::Ref(next) => next,
            _ => at,
        });
        let Some(name) = self.foreign.get(&(owner, *last)).cloned() else {
            let words = self.in_one_line(value.span);
            let message = format!("`{words}` is in {} already", self.program.unit.code);
            let help = "declare it as `money in currency`, where another field names the currency";
            self.problem(Problem::error("currency-mismatch", value.span, message).help(help));
            return None;
        };
        if currency.text != self.program.unit.code {
            let code = self.program.unit.code.clone();
            let message = format!("the program pays in {code}, and amounts are converted to that");
            self.problem(
                Problem::error("currency-mismatch", currency.span, message)
                    .choice(currency.span, code.clone())
                    .help(format!("write {code}")),
            );
            return None;
        }
        // What is told of the rate is told of the words behind the amount, and of its day of those behind the currency.
        let tail = Span { start: value.span.end, end: span.end };
        let day = self.day_of_rate(at, span, Span { start: currency.span.end, end: span.end }, scope)?;
        let code = self.field_of(owner, &name.text)?;
        let mut path = before.to_vec();
        path.push(code);
        self.mark_used(record, &path);
        let ty = self.program.record(owner).fields[code.index()].ty;
        let optional = self.path_optional(root, record, &path, scope);
        let code = Expr { op: Op::Field { root, record, path }, ty, optional, span: Span::default() };
        let rate = self.rate(code, day, tail)?;
        let one = Expr { op: Op::Number(Exact::ONE), ty: Type::Money, optional: false, span };
        let optional = amount.optional || rate.optional;
        let converted = Op::two(Function::Multiply, amount.into_expr(), rate);
        let converted = Expr { op: converted, ty: Type::Number, optional, span };
        Some(Typed::new(Op::two(Function::Multiply, converted, one), Type::Money, optional, span))
    }

    /// The day whose rate counts.
    fn day_of_rate(&mut self, at: Option<&RateDay>, span: Span, tail: Span, scope: &mut Scope) -> Option<Expr> {
        match at {
            None => {
                let end = Span { start: span.end, end: span.end };
                let message = "the rate of which day counts?";
                self.problem(
                    Problem::error("missing-date", span, message)
                        .help("say it: at closed_on, or at end of quarter")
                        .choice(end, " at end of quarter"),
                );
                None
            }
            Some(RateDay::Day(day)) => {
                let typed = self.expression(day, scope)?;
                if typed.ty == Type::Date {
                    return Some(typed.into_expr());
                }
                let words = self.type_words(typed.ty);
                self.problem(Problem::error("type-mismatch", day.span, format!("this must be a date, not {words}")));
                None
            }
            Some(RateDay::EndOf(word)) => {
                let period = self.held(Period::from_word(&word.text)?, word.span)?;
                let when = Expr { op: Op::When, ty: Type::Date, optional: false, span: Span::default() };
                if period == Period::Program {
                    return Some(Expr { op: Op::Date(self.program.active.to), span: tail, ..when });
                }
                Some(Expr { op: Op::one(Function::PeriodEdge(period, Edge::Last), when.clone()), span: tail, ..when })
            }
        }
    }

    /// How much of the program's currency one of another is on a day: the last row of the rates up to it.
    fn rate(&mut self, code: Expr, day: Expr, span: Span) -> Option<Expr> {
        let [rates] = &self.resolved.rates[..] else {
            let (message, help) = if self.resolved.rates.is_empty() {
                ("the program has no rates of exchange", "write: rates daily from \"rates.csv\"")
            } else {
                ("which of the program's rates count?", "keep one `rates`")
            };
            self.problem(Problem::error("missing-clause", span, message).help(help));
            return None;
        };
        let record = *self.records.get(&rates.name.text)?;
        let field = |typing: &Self, name: &str| {
            let field = typing.field_of(record, name)?;
            let ty = typing.program.record(record).fields[field.index()].ty;
            let op = Op::Field { root: Root::Row, record, path: vec![field] };
            Some(Expr { op, ty, optional: false, span: Span::default() })
        };
        let (from, to, rate) = (field(self, "from")?, field(self, "to")?, field(self, "rate")?);
        for name in ["from", "to", "rate", "day"] {
            let field = self.field_of(record, name)?;
            self.mark_used(record, &[field]);
        }
        if let (Type::Text(a), Type::Text(b) | Type::Id(b)) = (from.ty, code.ty) {
            self.join_domains(a, b);
        }
        let own = self.program.unit.code.clone();
        let target = self.text_beside_data(literals::text_literal(&own, span), Some(to.ty))?.into_expr();
        let search = Search {
            stream: Stream::Events(record),
            keys: vec![from.clone(), to],
            ways: Vec::new(),
            from: None,
            to: Some(2),
            before: None,
            only: None,
            also: None,
            operands: vec![from.ty, target.ty, Type::Date],
            outputs: Vec::new(),
            span: Span::default(),
        };
        let id = self.search_id(search);
        let output = self.output(id, SearchOutput { function: FindFunction::Latest, value: rate, den: None });
        let optional = code.optional || day.optional;
        let number = |op, optional| Expr { op, ty: Type::Number, optional, span };
        let found = Op::Call(
            Function::Find { search: id, output },
            vec![Expr { ty: from.ty, ..code.clone() }, target, day.clone()],
        );
        let found = Expr { span: Span::default(), ..number(found, true) };
        let needed = number(Op::one(Function::Rate, found), false);
        let (Type::Text(domain) | Type::Id(domain)) = code.ty else { return None };
        let yes_no = |op, optional| Expr { op, ty: Type::YesNo, optional, span };
        let is_own = self.predicate_id(domain, TextTest::In(vec![own]));
        let is_own = yes_no(Op::one(Function::Test(is_own), code.clone()), code.optional);
        let mut branches = vec![(is_own, number(Op::Number(Exact::ONE), false))];
        if !optional {
            return Some(number(Op::If { branches, otherwise: Box::new(needed) }, false));
        }
        let known = |value: Expr| yes_no(Op::one(Function::Known, value), false);
        branches.push((yes_no(Op::And(vec![known(code), known(day)]), false), needed));
        let otherwise = Box::new(number(Op::Missing, true));
        Some(number(Op::If { branches, otherwise }, true))
    }
}
