using Skitai.Engine.Caching.Storage.Disk;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>A purge by a process that dies before it has deleted anything.</summary>
internal sealed class PurgeOnly(string directory)
{
    public void Leave(string prefix)
    {
        var list = new PurgeList(Path.Combine(directory, "purges"), TimeProvider.System);
        list.Add(prefix);
        list.Save();
    }
}
