//! The two programs.

use std::fmt::Write as _;

/// Tasks as methods, the graph as a `process!` block.
pub fn with_macros(tasks: usize) -> String {
    let mut steps = String::new();
    let mut methods = String::new();
    for n in 0..tasks {
        let _ = writeln!(steps, "                task_{n};");
        let _ = writeln!(
            methods,
            "    #[task(description = \"Task {n}\")]\n    \
             async fn task_{n}(&self, name: String, size: u32, tags: Vec<String>) -> Result<(), std::io::Error> {{\n        \
             println!(\"{{name}} {{size}} {{tags:?}}\");\n        Ok(())\n    }}"
        );
    }
    format!(
        "use tasktronaut::prelude::*;\n\n#[derive(Default)]\npub struct Large;\n\n#[process]\nimpl Large {{\n    \
         fn define_process(name: String, size: u32, tags: Vec<String>) {{\n        \
         process! {{\n            seq {{\n{steps}            }}\n        }}\n    }}\n\n{methods}}}\n"
    )
}

/// The same with a struct for each task's arguments, a table, and calls of the builder.
pub fn by_hand(tasks: usize) -> String {
    let mut program = String::from("use tasktronaut::*;\n\npub struct Large;\n\nimpl Large {\n");
    for n in 0..tasks {
        let _ = writeln!(
            program,
            "    async fn task_{n}(&self, name: String, size: u32, tags: Vec<String>) -> Result<(), std::io::Error> {{\n        \
             println!(\"{{name}} {{size}} {{tags:?}}\");\n        Ok(())\n    }}"
        );
    }
    program.push_str("}\n\n");
    for n in 0..=tasks {
        let _ = writeln!(
            program,
            "pub struct Arguments{n} {{ pub name: String, pub size: u32, pub tags: Vec<String> }}\n\n\
             impl ArgumentSet for Arguments{n} {{\n    \
             const PARAMETERS: &'static [Parameter] = &[\n        \
             Parameter::of::<String>(\"name\", \"String\"),\n        \
             Parameter::of::<u32>(\"size\", \"u32\"),\n        \
             Parameter::of::<Vec<String>>(\"tags\", \"Vec<String>\"),\n    ];\n\n    \
             fn decode(arguments: &ArgumentsRef<'_>) -> Result<Self, ArgumentError> {{\n        \
             Ok(Self {{ name: arguments.get(\"name\")?, size: arguments.get(\"size\")?, tags: arguments.get(\"tags\")? }})\n    }}\n\n    \
             fn encode(&self, encoder: &mut Encoder<'_>) {{\n        \
             encoder.put(\"name\", &self.name);\n        encoder.put(\"size\", &self.size);\n        encoder.put(\"tags\", &self.tags);\n    }}\n}}\n"
        );
    }
    let mut table = String::new();
    let mut steps = String::new();
    for n in 0..tasks {
        let _ = writeln!(
            table,
            "            Task::asynchronous(\"task_{n}\", |call: Call<Large>| Box::pin(async move {{\n                \
             let Arguments{n} {{ name, size, tags }} = call.decode()?;\n                \
             call.definition().task_{n}(name, size, tags).await.map_err(TaskError::new)\n            \
             }})).arguments::<Arguments{n}>().description(\"Task {n}\"),"
        );
        let _ = writeln!(steps, "        builder.task(\"task_{n}\");");
    }
    let _ = writeln!(
        program,
        "impl ProcessDefinition for Large {{\n    type Arguments = Arguments{tasks};\n\n    \
         fn name(&self) -> &'static str {{\n        \"Large\"\n    }}\n\n    \
         fn instance() -> Option<Self> {{\n        Some(Self)\n    }}\n\n    \
         fn tasks(&self) -> &'static [Task<Self>] {{\n        const TASKS: &[Task<Large>] = &[\n{table}        ];\n        TASKS\n    }}\n\n    \
         fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {{\n{steps}        Ok(())\n    }}\n}}"
    );
    program
}
