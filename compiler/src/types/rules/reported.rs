//! Rows as they were reported, before anything was taken off them, or as what some returns leave of them: the `returns` of a rule, and
//! `amount as reported`.

use crate::plan::{Expr, Field, FieldId, FieldSource, Function, Op, Reading, RecordId, Search, SearchId, Stream, Type};
use crate::typed::{Version, exprs_of_version, walk};
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;
use rustc_hash::FxHashMap;

impl Typing<'_> {
    /// `amount as reported`
    pub(in crate::types) fn reported(&mut self, path: &tree::Path, span: Span, scope: &mut Scope) -> Option<Typed> {
        let value = self.path(path, scope)?;
        let found = match &value.op {
            // In the brackets of a set, what the row around it gives.
            Op::Argument(idx) => {
                let given = scope.asking.as_ref().and_then(|asking| asking.arguments.get(*idx as usize)).cloned();
                let op = given.as_ref().and_then(|given| self.reported_field(&given.op));
                match (given, op, &mut scope.asking) {
                    (Some(given), Some(op), Some(asking)) => {
                        asking.arguments.push(Expr { op, ..given });
                        Some(Op::Argument(asking.arguments.len() as u32 - 1))
                    }
                    _ => None,
                }
            }
            op => self.reported_field(op),
        };
        let Some(op) = found else {
            let name = path.parts.last().map_or("", |name| name.text.as_str());
            let message = format!("nothing takes `{name}` off");
            let help = "name a number that another event takes back with `reverses`";
            self.problem(Problem::error("not-taken-off", span, message).help(help));
            return None;
        };
        Some(Typed { op, span, ..value })
    }

    /// The field of what was reported, of one that is taken off.
    fn reported_field(&mut self, op: &Op) -> Option<Op> {
        let Op::Field { root, record, path } = op else { return None };
        let path = self.path_read_as(*record, path, Reading::Reported)?;
        Some(Op::Field { root: *root, record: *record, path })
    }

    /// The same path in another reading, where its last field is one that is taken off.
    fn path_read_as(&mut self, record: RecordId, path: &[FieldId], reading: Reading) -> Option<Vec<FieldId>> {
        let mut at = record;
        let (last, before) = path.split_last()?;
        for field in before {
            if let Type::Ref(next) = self.program.record(at).fields[field.index()].ty {
                at = next;
            }
        }
        let reported = FieldSource::Read(*last, Reading::Reported);
        let is_taken_off = self.program.record(at).fields.iter().any(|field| field.source == reported);
        let twin = is_taken_off.then(|| self.field_of_returns(at, FieldSource::Read(*last, reading)))?;
        let path: Vec<FieldId> = before.iter().copied().chain([twin]).collect();
        self.mark_used(record, &path);
        Some(path)
    }

    /// A rule reads its rows, and those of its sets, as its word about returns says.
    pub(super) fn read_otherwise(&mut self, version: &mut Version) {
        let reading = version.reading;
        self.left_in(&version.stream.clone(), reading);
        let gathered: Vec<Stream> = version.folds.iter().map(|fold| fold.stream.clone()).collect();
        gathered.iter().for_each(|stream| self.left_in(stream, reading));
        let mut searches = FxHashMap::default();
        for expr in exprs_of_version(version) {
            self.read_as(expr, reading, &mut searches);
        }
    }

    pub(in crate::types) fn read_as(
        &mut self,
        expr: &mut Expr,
        reading: Reading,
        searches: &mut FxHashMap<SearchId, SearchId>,
    ) {
        walk(expr, &mut |expr| match &mut expr.op {
            Op::Field { record, path, .. } => {
                if let Some(other) = self.path_read_as(*record, path, reading) {
                    *path = other;
                }
            }
            Op::Call(Function::Find { search, .. }, _) => *search = self.search_read_as(*search, reading, searches),
            _ => {}
        });
    }

    /// That something is left of rows of a stream is asked in a reading too.
    fn left_in(&mut self, stream: &Stream, reading: Reading) {
        let Some(record) = stream.event().filter(|_| reading.is_of_some_returns()) else { return };
        if self.program.record(record).returned(Reading::Left).is_none() {
            return;
        }
        let taken_off = |field: &Field| match field.source {
            FieldSource::Read(of, Reading::Reported) => Some(FieldSource::Read(of, reading)),
            _ => None,
        };
        let sources: Vec<FieldSource> = self.program.record(record).fields.iter().filter_map(taken_off).collect();
        for source in sources.into_iter().chain([FieldSource::Returned(reading)]) {
            let field = self.field_of_returns(record, source);
            self.mark_used(record, &[field]);
        }
    }

    /// The same set over rows in another reading.
    fn search_read_as(
        &mut self,
        id: SearchId,
        reading: Reading,
        searches: &mut FxHashMap<SearchId, SearchId>,
    ) -> SearchId {
        if let Some(known) = searches.get(&id) {
            return *known;
        }
        let mut search: Search = self.program.searches[id.index()].clone();
        search.reading = reading;
        self.left_in(&search.stream.clone(), reading);
        for expr in search.exprs_mut() {
            self.read_as(expr, reading, searches);
        }
        let is_taken_back =
            search.record().is_some_and(|record| self.program.record(record).returned(Reading::Left).is_some());
        let own = &self.program.searches[id.index()];
        let is_same = !is_taken_back && search.finds_as(&Search { reading, ..own.clone() });
        let made = if is_same && search.outputs == own.outputs {
            id
        } else {
            // Its outputs are those of the set that it is made of, in their order.
            self.program.searches.push(search);
            SearchId(self.program.searches.len() as u32 - 1)
        };
        searches.insert(id, made);
        made
    }
}
