namespace Skitai.Engine.Static;

/// <summary>What looking for a request's file came to.</summary>
/// <param name="Kind">How it went.</param>
/// <param name="File">The file, when there is one.</param>
/// <param name="Error">The error number behind <see cref="LookupKind.Failed"/> and <see cref="LookupKind.Busy"/>.</param>
internal readonly record struct Lookup(LookupKind Kind, StaticFile? File = null, int Error = 0);
