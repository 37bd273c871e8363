namespace Skitai.Engine.Static;

/// <summary>A precompressed sibling of a static file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Coding">What a client's Accept-Encoding calls it: <c>br</c> or <c>gzip</c>.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="IsUsed">Whether clients that take the coding get it; false = it is older than the file, or may not be read.</param>
public sealed record StaticSibling(string Path, string Coding, long Size, bool IsUsed);
