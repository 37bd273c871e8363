namespace Skitai.Engine.Tests.Apps;

internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("skitai-test-").FullName;

    public void Write(string name, string text) => File.WriteAllText(System.IO.Path.Combine(Path, name), text);

    /// <summary>Descriptors of this process for files in it, whether these have a name or not, as paths that open the same file.</summary>
    public IReadOnlyList<string> OpenFiles() => [.. Directory.EnumerateFiles("/proc/self/fd").Where(IsWithin)];

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private bool IsWithin(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget?.StartsWith(Path + "/", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false; // closed meanwhile
        }
    }
}
