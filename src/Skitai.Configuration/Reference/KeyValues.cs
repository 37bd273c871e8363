using Skitai.Configuration.Sections;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Reference;

/// <summary>Gives settings back in the conf's own words: for whoever explains to a person what applies.</summary>
public static class KeyValues
{
    /// <summary>What of <c>[tunefactors]</c> bears on a request to an app.</summary>
    public static IReadOnlyList<KeyValue> OfApps(TuneSettings tune) => TuneSection.DescribeForApps(tune);

    /// <summary>What of <c>[tunefactors]</c> bears on a request to a directory of files.</summary>
    public static IReadOnlyList<KeyValue> OfFiles(TuneSettings tune) => TuneSection.DescribeForFiles(tune);

    /// <summary>How many workers with how many threads <c>[server]</c> gives an app.</summary>
    public static IReadOnlyList<KeyValue> OfWorkers(ServerSettings server) => ServerSection.DescribeWorkers(server);

    /// <summary>What of a cluster bears on a request to it; what it leaves to <c>[tunefactors]</c> is there, too.</summary>
    public static IReadOnlyList<KeyValue> OfCluster(ClusterSettings cluster, TuneSettings tune) => ClusterSection.Describe(cluster, tune);
}
