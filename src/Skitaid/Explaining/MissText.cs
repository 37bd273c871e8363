using Skitai.Engine.Static;

namespace Skitaid.Explaining;

/// <summary>Why a directory of files has nothing for a path, in words.</summary>
internal static class MissText
{
    /// <summary>The words.</summary>
    public static string Of(StaticFinding finding) => finding.Miss switch
    {
        StaticMiss.NoFile => $"no file {finding.Path}",
        StaticMiss.NoIndex => Directory.Exists(finding.Path)
            ? $"{finding.Path} has no index.html or index.htm (directories are never listed)"
            : $"no directory {finding.Path}",
        StaticMiss.NotAFile => $"{finding.Path} is not a regular file",
        StaticMiss.LeadsOut => $"{finding.Path} is there, but a link on the way leads out of the directory: never served",
        StaticMiss.LinkLoop => $"{finding.Path}: the links lead in a circle",
        StaticMiss.TooLong => "no file has a name that long",
        StaticMiss.Dotfile => $"{Presence(finding.Path)}names that begin with a dot are never served (but .well-known)",
        StaticMiss.EmptySegment => "a path with // is a second spelling of another one: never served",
        _ => "a path with a backslash or a NUL is never served",
    };

    private static string Presence(string path) => Path.Exists(path) ? $"{path} is there, but " : "";
}
