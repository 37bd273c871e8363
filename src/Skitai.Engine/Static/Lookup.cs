namespace Skitai.Engine.Static;

/// <summary>What looking for a request's file came to.</summary>
/// <param name="Kind">How it went.</param>
/// <param name="File">The file, when there is one.</param>
/// <param name="Error">The error number behind <see cref="LookupKind.Failed"/> and <see cref="LookupKind.Busy"/>.</param>
/// <param name="Miss">Why there is nothing, for <see cref="LookupKind.NotFound"/>.</param>
internal readonly record struct Lookup(LookupKind Kind, StaticFile? File = null, int Error = 0, StaticMiss Miss = StaticMiss.None)
{
    /// <summary>Nothing there that may be served.</summary>
    public static Lookup Nothing(StaticMiss why) => new(LookupKind.NotFound, null, 0, why);
}
