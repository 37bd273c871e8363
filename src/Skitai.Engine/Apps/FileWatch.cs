namespace Skitai.Engine.Apps;

/// <summary>Notices that one of some files has changed, come or gone, by their time stamps and sizes. Asked, it looks.</summary>
internal sealed class FileWatch
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (DateTime Written, long Size)> _files = new(StringComparer.Ordinal);

    /// <summary>Watches one more file; as the worker has seen it is as it should be.</summary>
    public void Add(SourceFile file)
    {
        lock (_gate)
        {
            _files.TryAdd(file.Path, (file.Written, file.Size));
        }
    }

    /// <summary>The first file found changed since it was looked at last; null = none.</summary>
    public string? FindChange()
    {
        lock (_gate)
        {
            string? changed = null;
            foreach (var path in _files.Keys.ToArray())
            {
                var now = Look(path);
                if (now != _files[path])
                {
                    _files[path] = now;
                    changed ??= path;
                }
            }

            return changed;
        }
    }

    private static (DateTime, long) Missing => (SourceFile.Never, -1);

    private static (DateTime, long) Look(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.Exists ? (file.LastWriteTimeUtc, file.Length) : Missing;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Missing;
        }
    }
}
