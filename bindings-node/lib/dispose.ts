/** Node before 20.4 has no `Symbol.asyncDispose`: a method of that name is then called `undefined`. */
export function dropUnnamedDispose(Class: { prototype: object }): void {
  Reflect.deleteProperty(Class.prototype, "undefined");
}
