namespace Skitai.Configuration.Grammar;

/// <summary>Looks what is there.</summary>
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

    /// <summary>The names in a directory, ten thousand at most; none when it cannot be read.</summary>
    /// <param name="directory">Absolute.</param>
    /// <param name="list">Lists the paths of what is wanted in it.</param>
    public static List<string> NamesIn(string directory, Func<string, IEnumerable<string>> list)
    {
        try
        {
            return [.. list(directory).Select(path => Path.GetFileName(path)).Take(10_000)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
