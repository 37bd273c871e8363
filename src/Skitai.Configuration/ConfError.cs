namespace Skitai.Configuration;

/// <summary>One thing wrong with a conf: a single line a person can act on.</summary>
/// <param name="File">The file as the user knows it (<c>example.conf</c>).</param>
/// <param name="Line">From 1; 0 when the error is the file's as a whole.</param>
/// <param name="Message">What was found and what is allowed, beginning with section and key where there is one.</param>
public sealed record ConfError(string File, int Line, string Message)
{
    /// <summary><c>example.conf:12: [server] port: 'abc' is not a port (1 to 65535)</c></summary>
    public override string ToString() => Line > 0 ? $"{File}:{Line}: {Message}" : $"{File}: {Message}";
}
