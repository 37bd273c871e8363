namespace Skitai.Configuration.Grammar;

/// <summary>Looks whether a file is there.</summary>
internal static class Files
{
    /// <summary>
    /// Whether the path leads to a file, links followed. <see cref="File.Exists"/> alone takes a link to nowhere for a file.
    /// </summary>
    public static bool IsThere(string path)
    {
        try
        {
            return File.Exists(path) && (File.ResolveLinkTarget(path, returnFinalTarget: true)?.Exists ?? true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
