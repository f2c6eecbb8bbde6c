import CKernels
import COpenBLAS
