using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Skitai.Configuration.Tests")]
