import { type Node, parse } from "acorn";

/** What a reader that knows only the text of an edit dialog learns of its node. */
export interface NodeDefinition {
  /** The types that are registered with a literal name. */
  readonly types: readonly string[];
  /** The definition's properties that are literals. */
  readonly literals: Readonly<Record<string, unknown>>;
}

/**
 * Reads a node's HTML file as Node-RED's scorecard does: it parses the inline scripts and looks for calls of
 * `registerType` with a literal name and an inline object. Throws if a script is no JavaScript.
 */
export function readNodeDefinition(html: string): NodeDefinition {
  const types: string[] = [];
  const literals: Record<string, unknown> = {};
  for (const [, script = ""] of html.matchAll(/<script type="text\/javascript">(.*?)<\/script>/gs)) {
    for (const node of nodesOf(parse(script, { ecmaVersion: "latest" }))) {
      const [name, definition] = registerTypeArguments(node);
      if (name === undefined || definition === undefined) continue;
      types.push(name);
      Object.assign(literals, literalProperties(definition));
    }
  }
  return { types, literals };
}

/** Empty: the node is no such call. */
function registerTypeArguments(node: SyntaxNode): [string?, SyntaxNode?] {
  if (node.type !== "CallExpression") return [];
  const callee = node.callee as SyntaxNode;
  const isRegisterType =
    callee.type === "MemberExpression" && (callee.property as SyntaxNode).name === "registerType";
  const [name, definition] = node.arguments as SyntaxNode[];
  if (!isRegisterType || name?.type !== "Literal" || definition?.type !== "ObjectExpression") return [];
  return [String(name.value), definition];
}

function literalProperties(definition: SyntaxNode): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const property of definition.properties as SyntaxNode[]) {
    const value = property.value as SyntaxNode | undefined;
    if (value?.type === "Literal") found[String((property.key as SyntaxNode).name)] = value.value;
  }
  return found;
}

/** A node of the syntax tree, of which the properties depend on its type. */
type SyntaxNode = Node & Readonly<Record<string, unknown>>;

function* nodesOf(value: unknown): Generator<SyntaxNode> {
  if (Array.isArray(value)) {
    for (const entry of value) yield* nodesOf(entry);
  } else if (isSyntaxNode(value)) {
    yield value;
    for (const child of Object.values(value)) yield* nodesOf(child);
  }
}

function isSyntaxNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
