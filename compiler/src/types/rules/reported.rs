//! Rows as they were reported, before anything was taken off them: `returns change nothing`, and `amount as reported`.

use crate::plan::{Expr, FieldId, FieldSource, Function, Op, RecordId, Search, SearchId, Type};
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
        let path = self.reported_path(*record, path)?;
        Some(Op::Field { root: *root, record: *record, path })
    }

    /// The same path to what was reported, where its last field is one that is taken off.
    fn reported_path(&mut self, record: RecordId, path: &[FieldId]) -> Option<Vec<FieldId>> {
        let mut at = record;
        let (last, before) = path.split_last()?;
        for field in before {
            if let Type::Ref(next) = self.program.record(at).fields[field.index()].ty {
                at = next;
            }
        }
        let fields = &self.program.record(at).fields;
        let twin = fields.iter().position(|field| field.source == FieldSource::Reported(*last))?;
        let path: Vec<FieldId> = before.iter().copied().chain([FieldId(twin as u32)]).collect();
        self.mark_used(record, &path);
        Some(path)
    }

    /// A rule that returns change nothing of reads its rows, and those of its sets, as they were reported.
    pub(super) fn read_as_reported(&mut self, version: &mut Version) {
        let mut searches = FxHashMap::default();
        for expr in exprs_of_version(version) {
            self.as_reported(expr, &mut searches);
        }
    }

    pub(super) fn as_reported(&mut self, expr: &mut Expr, searches: &mut FxHashMap<SearchId, SearchId>) {
        walk(expr, &mut |expr| match &mut expr.op {
            Op::Field { record, path, .. } => {
                if let Some(reported) = self.reported_path(*record, path) {
                    *path = reported;
                }
            }
            Op::Call(Function::Find { search, .. }, _) => *search = self.search_as_reported(*search, searches),
            _ => {}
        });
    }

    /// The same set over rows as they were reported.
    fn search_as_reported(&mut self, id: SearchId, searches: &mut FxHashMap<SearchId, SearchId>) -> SearchId {
        if let Some(known) = searches.get(&id) {
            return *known;
        }
        let mut search: Search = self.program.searches[id.index()].clone();
        search.as_reported = true;
        for expr in search.exprs_mut() {
            self.as_reported(expr, searches);
        }
        let is_taken_back = search.record().is_some_and(|record| self.program.record(record).returned().is_some());
        let own = &self.program.searches[id.index()];
        let is_same = !is_taken_back && search.finds_as(&Search { as_reported: true, ..own.clone() });
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
